package files

import (
	"bytes"
	"encoding/binary"
)

// sniffLen is how much of a file's beginning tells what it is.
const sniffLen = 4 << 10

// All that is kept, and the types by which it is served.
var (
	png  = Format{Image, "image/png"}
	jpeg = Format{Image, "image/jpeg"}
	gif  = Format{Image, "image/gif"}
	webp = Format{Image, "image/webp"}
	mp3  = Format{Audio, "audio/mpeg"}
	m4a  = Format{Audio, "audio/mp4"}
	ogg  = Format{Audio, "audio/ogg"}
	wav  = Format{Audio, "audio/wav"}
	mp4  = Format{Video, "video/mp4"}
	webm = Format{Video, "video/webm"}
)

const (
	pngSignature  = "\x89PNG\r\n\x1a\n"
	jpegSignature = "\xff\xd8\xff"
)

// sniff says what begins with head, at most [sniffLen] bytes.
func sniff(head []byte) (Format, bool) {
	begins := func(text string) bool { return bytes.HasPrefix(head, []byte(text)) }
	at := func(place int, text string) bool {
		return len(head) >= place && bytes.HasPrefix(head[place:], []byte(text))
	}
	switch {
	case begins(pngSignature):
		return png, true
	case begins(jpegSignature):
		return jpeg, true
	case begins("GIF87a"), begins("GIF89a"):
		return gif, true
	case begins("RIFF") && at(8, "WEBP"):
		return webp, true
	case begins("RIFF") && at(8, "WAVE"):
		return wav, true
	case begins("OggS"):
		return ogg, oggSound(head)
	case begins("\x1a\x45\xdf\xa3"): // EBML (RFC 8794); WebM says so in its DocType
		return webm, bytes.Contains(head[:min(len(head), 128)], []byte("\x42\x82\x84webm"))
	case at(4, "ftyp"):
		return isoMedia(head)
	case begins("ID3"):
		return mp3, id3(head)
	}
	return mp3, mp3Frames(head)
}

// oggSound reports whether the first packet (RFC 3533, section 6) is that of
// Opus (RFC 7845) or Vorbis.
func oggSound(head []byte) bool {
	if len(head) < 28 {
		return false
	}
	packet := head[min(len(head), 27+int(head[26])):]
	return bytes.HasPrefix(packet, []byte("OpusHead")) || bytes.HasPrefix(packet, []byte("\x01vorbis"))
}

// isoMedia tells the brands of ISO/IEC 14496-12 files that browsers play from
// others, such as photographs (HEIC, AVIF) and QuickTime.
func isoMedia(head []byte) (Format, bool) {
	if len(head) < 16 {
		return Format{}, false
	}
	size := int(binary.BigEndian.Uint32(head))
	if size < 16 || size > len(head) {
		return Format{}, false
	}
	switch brand := string(head[8:12]); brand {
	case "M4A ", "M4B ":
		return m4a, true
	case "isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9", "mp41", "mp42", "avc1", "dash", "M4V ", "MSNV", "mmp4", "3gp4", "3gp5", "f4v ":
		return mp4, true
	}
	return Format{}, false
}

// id3 reports whether head is that of an ID3v2 tag, which stands before the
// sound: its size has seven bits a byte.
func id3(head []byte) bool {
	return len(head) >= 10 && head[3] >= 2 && head[3] <= 4 && head[4] < 0xff && (head[6]|head[7]|head[8]|head[9]) < 0x80
}

// mp3Frames reports whether head begins with a frame of MPEG audio, layer III,
// and another one where it ends.
func mp3Frames(head []byte) bool {
	first := mp3Frame(head)
	return first > 0 && len(head) >= first+4 && mp3Frame(head[first:]) > 0
}

// Bitrates in kbit/s and sampling rates in Hz (ISO/IEC 11172-3, 13818-3).
var (
	mp3Rates = [2][16]int{
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0},     // MPEG-2 and 2.5
		{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}, // MPEG-1
	}
	mp3Samples = [4]int{44100, 48000, 32000, 0}
)

// mp3Frame returns the length of the frame that b begins with, 0 if it is none.
func mp3Frame(b []byte) int {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xe0 != 0xe0 || b[1]>>1&3 != 1 {
		return 0
	}
	version := b[1] >> 3 & 3 // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
	samples := mp3Samples[b[2]>>2&3]
	first := 0
	switch version {
	case 3:
		first = 1
	case 2:
		samples /= 2
	case 0:
		samples /= 4
	default:
		return 0
	}
	rate := mp3Rates[first][b[2]>>4]
	if rate == 0 || samples == 0 {
		return 0
	}
	return 72*(1+first)*rate*1000/samples + int(b[2]>>1&1)
}
