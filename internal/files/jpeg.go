package files

import (
	"bytes"
	"encoding/binary"
)

// Markers of JPEG (ITU-T T.81, table B.1).
const (
	soi  = 0xd8
	eoi  = 0xd9
	sos  = 0xda
	rst0 = 0xd0
	rst7 = 0xd7
	dqt  = 0xdb
	dri  = 0xdd
	app0 = 0xe0 // JFIF
	app1 = 0xe1 // Exif and XMP
	app2 = 0xe2 // colour profiles, and where to find more pictures behind this one
	appe = 0xee // Adobe's: how the colours are coded
)

// cleanJPEG returns the picture without its remarks, and whether it is shown
// turned by a quarter. Of its segments those stay that the picture is made of;
// Exif is written anew with its orientation alone. What comes behind the
// picture's end is left out: phones hang films, and the picture once more with
// all its remarks, there.
func cleanJPEG(b []byte) (out []byte, turned bool, err error) {
	out = append(make([]byte, 0, len(b)+len(exifHead)+32), 0xff, soi)
	orientation := 0
	for at := 2; ; {
		for at < len(b) && b[at] == 0xff { // fill bytes may stand before a marker
			at++
		}
		if at >= len(b) || at < 3 || b[at-1] != 0xff {
			return nil, false, ErrBroken
		}
		marker := b[at]
		at++
		if marker == eoi {
			return append(out, 0xff, eoi), orientation >= 5, nil
		}
		if at+2 > len(b) {
			return nil, false, ErrBroken
		}
		size := int(binary.BigEndian.Uint16(b[at:]))
		if size < 2 || at+size > len(b) {
			return nil, false, ErrBroken
		}
		segment := b[at : at+size]
		at += size
		switch {
		case marker == sos:
			end := scanEnd(b, at)
			out = append(append(append(out, 0xff, marker), segment...), b[at:end]...)
			at = end
		case marker >= 0xc0 && marker <= 0xcf, marker >= dqt && marker <= dri, marker == app0, marker == appe,
			marker == app2 && bytes.HasPrefix(segment[2:], []byte("ICC_PROFILE\x00")):
			out = append(append(out, 0xff, marker), segment...)
		case marker == app1 && orientation == 0 && bytes.HasPrefix(segment[2:], []byte(exifHead)):
			if orientation = tiffOrientation(segment[2+len(exifHead):]); orientation > 1 {
				out = append(out, exifOf(orientation)...)
			}
		case marker > app0 && marker <= 0xef, marker == 0xfe: // applications' remarks, and comments
		default:
			return nil, false, ErrBroken
		}
	}
}

// scanEnd returns where the coded data that begin at a place end: at a marker
// that is none of their own.
func scanEnd(b []byte, at int) int {
	for {
		i := bytes.IndexByte(b[at:], 0xff)
		if i < 0 || at+i+1 >= len(b) {
			return len(b)
		}
		at += i
		switch next := b[at+1]; {
		case next == 0, next >= rst0 && next <= rst7:
			at += 2
		case next == 0xff:
			at++
		default:
			return at
		}
	}
}

const (
	exifHead       = "Exif\x00\x00"
	tagOrientation = 0x0112
	typeShort      = 3
)

// tiffOrientation returns the orientation, 2 to 8, that TIFF data state (Exif
// 2.3, section 4.6.2), or 1 where they state none.
func tiffOrientation(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if b[0] == 'I' {
		order = binary.LittleEndian
	}
	if b[0] != b[1] || order.Uint16(b[2:]) != 42 {
		return 1
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return 1
	}
	count := int64(order.Uint16(b[at:]))
	for at += 2; count > 0 && at+12 <= int64(len(b)); at, count = at+12, count-1 {
		if order.Uint16(b[at:]) == tagOrientation && order.Uint16(b[at+2:]) == typeShort {
			if value := int(order.Uint16(b[at+8:])); value >= 2 && value <= 8 {
				return value
			}
			return 1
		}
	}
	return 1
}

// exifOf is a segment that says an orientation and nothing else.
func exifOf(orientation int) []byte {
	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08" + "\x00\x01") // the first directory follows, of one entry
	tiff = binary.BigEndian.AppendUint16(tiff, tagOrientation)
	tiff = binary.BigEndian.AppendUint16(tiff, typeShort)
	tiff = binary.BigEndian.AppendUint32(tiff, 1)
	tiff = binary.BigEndian.AppendUint16(tiff, uint16(orientation))
	tiff = append(tiff, 0, 0, 0, 0, 0, 0) // the value's other half, and no further directory
	out := binary.BigEndian.AppendUint16([]byte{0xff, app1}, uint16(2+len(exifHead)+len(tiff)))
	return append(append(out, exifHead...), tiff...)
}
