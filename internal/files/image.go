package files

import (
	"bytes"
	"image"
	_ "image/gif" // for their headers
	_ "image/jpeg"
	_ "image/png"
)

// cleanImage returns a picture as it is kept, and its size as it is shown.
func cleanImage(f Format, b []byte) (out []byte, width, height int, err error) {
	turned := false
	switch f {
	case jpeg:
		out, turned, err = cleanJPEG(b)
	case png:
		out, err = cleanPNG(b)
	case gif:
		out, err = cleanGIF(b)
	case webp:
		out, width, height, err = cleanWebP(b)
	}
	if err != nil {
		return nil, 0, 0, err
	}
	if f != webp {
		c, _, err := image.DecodeConfig(bytes.NewReader(out))
		if err != nil {
			return nil, 0, 0, ErrBroken
		}
		width, height = c.Width, c.Height
	}
	if err := measure(width, height); err != nil {
		return nil, 0, 0, err
	}
	if turned {
		width, height = height, width
	}
	return out, width, height, nil
}

// measure refuses pictures of no size, and those that would fill a phone's
// memory once they are decoded.
func measure(width, height int) error {
	switch {
	case width <= 0 || height <= 0:
		return ErrBroken
	case width > MaxPixels/height:
		return ErrLarge
	}
	return nil
}
