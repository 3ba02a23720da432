package files

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// pngKept are the chunks that a picture is shown by (PNG, third edition,
// section 11); what else there is are remarks: texts, times, Exif.
var pngKept = map[string]bool{
	"IHDR": true, "PLTE": true, "IDAT": true, "IEND": true, "tRNS": true, "cHRM": true, "gAMA": true, "iCCP": true, "sBIT": true,
	"sRGB": true, "cICP": true, "mDCV": true, "cLLI": true, "bKGD": true, "pHYs": true, "acTL": true, "fcTL": true, "fdAT": true,
}

// cleanPNG returns the picture without its remarks and what comes behind it.
func cleanPNG(b []byte) ([]byte, error) {
	out := append(make([]byte, 0, len(b)), pngSignature...)
	drawn := false
	for rest := b[len(pngSignature):]; len(rest) >= 12; {
		size := int64(binary.BigEndian.Uint32(rest))
		if size > int64(len(rest))-12 {
			return nil, ErrBroken
		}
		chunk := rest[:12+size]
		rest = rest[12+size:]
		if crc32.ChecksumIEEE(chunk[4:8+size]) != binary.BigEndian.Uint32(chunk[8+size:]) {
			return nil, ErrBroken
		}
		name := string(chunk[4:8])
		if !pngKept[name] {
			if name[0]&0x20 == 0 { // critical: without it the picture is another
				return nil, ErrBroken
			}
			continue
		}
		if name == "fcTL" { // a frame of a picture that moves
			if size < 12 {
				return nil, ErrBroken
			}
			if err := measure(int(int32(binary.BigEndian.Uint32(chunk[12:]))), int(int32(binary.BigEndian.Uint32(chunk[16:])))); err != nil {
				return nil, err
			}
		}
		out = append(out, chunk...)
		drawn = drawn || name == "IDAT"
		if name == "IEND" && drawn {
			return out, nil
		}
	}
	return nil, ErrBroken
}

// cleanWebP returns the picture without Exif and XMP and what comes behind it,
// and its size (RFC 9649).
func cleanWebP(b []byte) (out []byte, width, height int, err error) {
	size := int64(binary.LittleEndian.Uint32(b[4:]))
	if size < 4 || size+8 > int64(len(b)) {
		return nil, 0, 0, ErrBroken
	}
	out = append(make([]byte, 0, len(b)), b[:12]...)
	drawn := false
	for rest := b[12 : 8+size]; len(rest) > 0; {
		if len(rest) < 8 {
			return nil, 0, 0, ErrBroken
		}
		length := int64(binary.LittleEndian.Uint32(rest[4:]))
		padded := 8 + length + length&1
		if 8+length > int64(len(rest)) {
			return nil, 0, 0, ErrBroken
		}
		chunk, data := rest[:min(padded, int64(len(rest)))], rest[8:8+length]
		rest = rest[len(chunk):]
		name := string(chunk[:4])
		switch name {
		case "VP8 ", "VP8L", "VP8X", "ANMF":
			w, h, ok := webpSize(name, data)
			if !ok {
				return nil, 0, 0, ErrBroken
			}
			if err := measure(w, h); err != nil {
				return nil, 0, 0, err
			}
			if width == 0 {
				width, height = w, h
			}
			drawn = drawn || name != "VP8X"
		case "ANIM", "ALPH", "ICCP":
		default:
			continue
		}
		place := len(out)
		out = append(out, chunk...)
		if len(chunk)%2 != 0 {
			out = append(out, 0)
		}
		if name == "VP8X" {
			out[place+8] &^= 0x0c // it has no Exif and no XMP any more
		}
	}
	if !drawn {
		return nil, 0, 0, ErrBroken
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out, width, height, nil
}

// webpSize reads the size that a chunk of a picture states.
func webpSize(name string, b []byte) (width, height int, ok bool) {
	triple := func(at int) int { return 1 + int(b[at]) + int(b[at+1])<<8 + int(b[at+2])<<16 }
	switch {
	case name == "VP8X" && len(b) >= 10:
		return triple(4), triple(7), true
	case name == "ANMF" && len(b) >= 16:
		return triple(6), triple(9), true
	case name == "VP8 " && len(b) >= 10 && bytes.Equal(b[3:6], []byte{0x9d, 0x01, 0x2a}):
		return int(binary.LittleEndian.Uint16(b[6:]) & 0x3fff), int(binary.LittleEndian.Uint16(b[8:]) & 0x3fff), true
	case name == "VP8L" && len(b) >= 5 && b[0] == 0x2f:
		bits := binary.LittleEndian.Uint32(b[1:])
		return 1 + int(bits&0x3fff), 1 + int(bits>>14&0x3fff), true
	}
	return 0, 0, false
}

// Blocks of a GIF (GIF89a, appendix A).
const (
	gifImage       = 0x2c
	gifExtension   = 0x21
	gifTrailer     = 0x3b
	gifControl     = 0xf9
	gifApplication = 0xff
)

// cleanGIF returns the picture without comments, other applications' data and
// what comes behind it.
func cleanGIF(b []byte) ([]byte, error) {
	table := func(flags byte) int { // the length of a colour table
		if flags&0x80 == 0 {
			return 0
		}
		return 3 << (flags&7 + 1)
	}
	if len(b) < 13 {
		return nil, ErrBroken
	}
	at := 13 + table(b[10])
	if at > len(b) {
		return nil, ErrBroken
	}
	out := append(make([]byte, 0, len(b)), b[:at]...)
	drawn := false
	for at < len(b) {
		begin, kind := at, b[at]
		keep := true
		switch {
		case kind == gifTrailer && drawn:
			return append(out, gifTrailer), nil
		case kind == gifImage && at+10 <= len(b):
			if err := measure(int(binary.LittleEndian.Uint16(b[at+5:])), int(binary.LittleEndian.Uint16(b[at+7:]))); err != nil {
				return nil, err
			}
			at += 10 + table(b[at+9]) + 1 // and the least size of a code
			drawn = true
		case kind == gifExtension && at+2 <= len(b):
			label := b[at+1]
			at += 2
			keep = label == gifControl || label == gifApplication && bytes.HasPrefix(b[at:], []byte("\x0bNETSCAPE2.0"))
		default:
			return nil, ErrBroken
		}
		for { // the block's data, in pieces of at most 255 bytes; an empty one ends it
			if at >= len(b) {
				return nil, ErrBroken
			}
			size := int(b[at])
			if at += 1 + size; size == 0 {
				break
			}
		}
		if at > len(b) {
			return nil, ErrBroken
		}
		if keep {
			out = append(out, b[begin:at]...)
		}
	}
	return nil, ErrBroken
}
