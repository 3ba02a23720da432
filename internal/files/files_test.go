package files_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/internal/files"
	"github.com/lyceum-live/lyceum/wire"
)

// picture is something with edges and colours, 40 by 24.
func picture() *image.Paletted {
	p := image.NewPaletted(image.Rect(0, 0, 40, 24), color.Palette{color.White, color.Black, color.RGBA{200, 30, 60, 255}})
	for i := range p.Pix {
		p.Pix[i] = uint8((i*i/7 + i/40) % 3)
	}
	return p
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func encodePNG(t testing.TB) []byte {
	var b bytes.Buffer
	must[int](t)(0, png.Encode(&b, picture()))
	return b.Bytes()
}

func encodeJPEG(t testing.TB) []byte {
	var b bytes.Buffer
	must[int](t)(0, jpeg.Encode(&b, picture(), nil))
	return b.Bytes()
}

func encodeGIF(t testing.TB) []byte {
	var b bytes.Buffer
	must[int](t)(0, gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{picture(), picture()}, Delay: []int{5, 5}}))
	return b.Bytes()
}

// riff is a RIFF file of a form, of chunks as name, content, name, content.
func riff(form string, chunks ...string) []byte {
	body := []byte(form)
	for i := 0; i < len(chunks); i += 2 {
		body = binary.LittleEndian.AppendUint32(append(body, chunks[i]...), uint32(len(chunks[i+1])))
		body = append(body, chunks[i+1]...)
		if len(chunks[i+1])%2 != 0 {
			body = append(body, 0)
		}
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// lossless is the beginning of a WebP picture of 40 by 24 (RFC 9649, 3.4).
var lossless = "\x2f" + string(binary.LittleEndian.AppendUint32(nil, 39|23<<14)) + "\x88\x88\x08"

// canvas says 40 by 24, and that Exif and XMP follow.
const canvas = "\x0c\x00\x00\x00\x27\x00\x00\x17\x00\x00"

func mp3Sound() []byte {
	frame := make([]byte, 417) // MPEG-1, layer III, 128 kbit/s at 44.1 kHz
	copy(frame, "\xff\xfb\x90\x00")
	return bytes.Repeat(frame, 3)
}

func oggSound(packet string) []byte {
	page := make([]byte, 27)
	copy(page, "OggS")
	page[26] = 1
	return append(append(page, byte(len(packet))), packet...)
}

func film(brand string) []byte {
	return []byte("\x00\x00\x00\x18ftyp" + brand + "\x00\x00\x02\x00isommp42\x00\x00\x00\x08free" + strings.Repeat("f", 500))
}

func open(t testing.TB, c files.Config) (*files.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "files")
	return must[*files.Store](t)(files.Open(dir, c)), dir
}

func put(t testing.TB, s *files.Store, by wire.UserID, b []byte) (files.File, error) {
	t.Helper()
	return s.Put(t.Context(), by, int64(len(b)), bytes.NewReader(b))
}

// kept returns what is stored of a file, and checks that it is all there is.
func kept(t testing.TB, s *files.Store, f files.File) []byte {
	t.Helper()
	c := must[*files.Content](t)(s.Open(t.Context(), f.ID))
	defer c.Close()
	b := must[[]byte](t)(io.ReadAll(c))
	if int64(len(b)) != f.Bytes || c.Bytes != f.Bytes || c.Type != f.Type || c.Kind != f.Kind {
		t.Fatalf("put %+v, opened %+v with %d bytes", f, c.File, len(b))
	}
	return b
}

func names(t testing.TB, dir string) (out []string) {
	t.Helper()
	for _, e := range must[[]os.DirEntry](t)(os.ReadDir(dir)) {
		out = append(out, e.Name())
	}
	return out
}

func TestKinds(t *testing.T) {
	for _, tt := range []struct {
		name string
		give []byte
		want string // media type, or the code of a refusal
	}{
		{"PNG", encodePNG(t), "image/png"},
		{"JPEG", encodeJPEG(t), "image/jpeg"},
		{"GIF", encodeGIF(t), "image/gif"},
		{"WebP, simple", riff("WEBP", "VP8L", lossless), "image/webp"},
		{"WebP, extended", riff("WEBP", "VP8X", canvas, "VP8L", lossless), "image/webp"},
		{"WebP, lossy", riff("WEBP", "VP8 ", "\x10\x02\x00\x9d\x01\x2a\x28\x00\x18\x00rest"), "image/webp"},
		{"WebP of a canvas alone", riff("WEBP", "VP8X", canvas), "file.broken"},
		{"WebP of nothing", riff("WEBP"), "file.broken"},
		{"MP3", mp3Sound(), "audio/mpeg"},
		{"MP3 with a tag", append([]byte("ID3\x04\x00\x00\x00\x00\x02\x01"), mp3Sound()...), "audio/mpeg"},
		{"M4A", film("M4A "), "audio/mp4"},
		{"Opus", oggSound("OpusHead\x01\x02"), "audio/ogg"},
		{"Vorbis", oggSound("\x01vorbis\x00\x00"), "audio/ogg"},
		{"WAV", riff("WAVE", "fmt ", strings.Repeat("\x01", 16), "data", "ab"), "audio/wav"},
		{"MP4", film("isom"), "video/mp4"},
		{"WebM", []byte("\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm\x42\x87\x81\x04" + strings.Repeat("w", 300)), "video/webm"},

		{"nothing", nil, "file.type"},
		{"HTML", []byte("<!doctype html><script>alert(1)</script>"), "file.type"},
		{"SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "file.type"},
		{"PDF", []byte("%PDF-1.7\n"), "file.type"},
		{"ZIP", []byte("PK\x03\x04" + strings.Repeat("z", 100)), "file.type"},
		{"a program", []byte("MZ" + strings.Repeat("\x90", 500)), "file.type"},
		{"HEIC", film("heic"), "file.type"},
		{"AVIF", film("avif"), "file.type"},
		{"QuickTime", film("qt  "), "file.type"},
		{"Matroska", []byte("\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82\x88matroska"), "file.type"},
		{"Theora", oggSound("\x80theora\x03\x02"), "file.type"},
		{"AAC", bytes.Repeat([]byte("\xff\xf1\x50\x80\x02\x1f\xfc"), 100), "file.type"},
		{"one frame and noise", append(mp3Sound()[:417], bytes.Repeat([]byte("<b>"), 200)...), "file.type"},
		{"a signature alone", []byte("\x89PNG\r\n\x1a\n"), "file.broken"},
		{"half a PNG", encodePNG(t)[:70], "file.broken"},
		{"half a JPEG", encodeJPEG(t)[:len(encodeJPEG(t))/2], "file.broken"},
		{"half a GIF", encodeGIF(t)[:len(encodeGIF(t))/2], "file.broken"},
		{"half a WebP", riff("WEBP", "VP8L", lossless)[:18], "file.broken"},
		{"HTML in a GIF's clothes", []byte("GIF89a/*<html><script>alert(1)</script>*/=1;"), "file.broken"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, dir := open(t, files.Config{})
			f, err := put(t, s, "maya", tt.give)
			if err != nil {
				if got := wire.Public(err).Code; got != tt.want {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				if left := names(t, dir); len(left) > 0 {
					t.Errorf("it leaves %v", left)
				}
				return
			}
			if f.Type != tt.want || f.Kind == files.Image && (f.Width != 40 || f.Height != 24) || f.Kind != files.Image && f.Width != 0 {
				t.Fatalf("got %+v, want %s", f, tt.want)
			}
			b := kept(t, s, f)
			if f.Kind != files.Image && !bytes.Equal(b, tt.give) {
				t.Error("it has changed")
			}
		})
	}
}

// segment is a JPEG segment.
func segment(marker byte, content string) string {
	return "\xff" + string([]byte{marker}) + string(binary.BigEndian.AppendUint16(nil, uint16(2+len(content)))) + content
}

// exif is what a phone says of a picture: how it was held, and where.
func exif(order binary.AppendByteOrder, orientation uint16) string {
	mark := "II"
	if order == binary.AppendByteOrder(binary.BigEndian) {
		mark = "MM"
	}
	b := order.AppendUint32(order.AppendUint16([]byte(mark), 42), 8)
	b = order.AppendUint16(b, 2)
	place := "SECRET: 52.5200 N 13.4050 E"
	for _, e := range [][4]uint32{{0x010e, 2, uint32(len(place)), 38}, {0x0112, 3, 1, 0}} {
		b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, uint16(e[0])), uint16(e[1])), e[2])
		if e[0] == 0x0112 {
			b = order.AppendUint16(order.AppendUint16(b, orientation), 0)
		} else {
			b = order.AppendUint32(b, e[3])
		}
	}
	return "Exif\x00\x00" + string(order.AppendUint32(b, 0)) + place
}

// Whatever a phone writes beside a photograph is gone; the pixels are the
// same, and it is shown as it was held.
func TestPhotographsDoNotTell(t *testing.T) {
	plain := encodeJPEG(t)
	icc := segment(0xe2, "ICC_PROFILE\x00\x01\x01profile")
	for orientation := uint16(0); orientation < 10; orientation++ {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			told := slices.Concat(plain[:2], []byte(
				segment(0xe0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")+segment(0xe1, exif(order, orientation))+icc+
					segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>SECRET</x:xmpmeta>")+segment(0xe2, "MPF\x00SECRET")+
					segment(0xed, "Photoshop 3.0\x00SECRET")+segment(0xfe, "SECRET")+segment(0xe5, "SECRET")+"\xff\xff"),
				plain[2:], []byte("SECRET film behind it"), plain)
			s, _ := open(t, files.Config{})
			f := must[files.File](t)(put(t, s, "maya", told))
			b := kept(t, s, f)
			if bytes.Contains(b, []byte("SECRET")) || !bytes.Contains(b, []byte(icc)) {
				t.Fatalf("orientation %d: it tells, or has lost its colours: %q", orientation, b[:120])
			}
			want := must[image.Image](t)(jpeg.Decode(bytes.NewReader(plain)))
			got := must[image.Image](t)(jpeg.Decode(bytes.NewReader(b)))
			if !slices.Equal(got.(*image.YCbCr).Y, want.(*image.YCbCr).Y) {
				t.Fatal("it is another picture")
			}
			small := "Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string([]byte{byte(orientation)}) + "\x00\x00\x00\x00\x00\x00"
			if says, want := bytes.Contains(b, []byte(segment(0xe1, small))), orientation >= 2 && orientation <= 8; says != want || strings.Count(string(b), "Exif") > 1 {
				t.Errorf("orientation %d is said: %v", orientation, says)
			}
			if turned := orientation >= 5 && orientation <= 8; turned != (f.Width == 24 && f.Height == 40) || !turned && f.Width != 40 {
				t.Errorf("orientation %d: %d by %d", orientation, f.Width, f.Height)
			}
		}
	}
}

// chunk is a PNG chunk.
func chunk(name, content string) string {
	b := append(binary.BigEndian.AppendUint32(nil, uint32(len(content))), name+content...)
	return string(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:])))
}

func TestOtherPicturesDoNotTell(t *testing.T) {
	p, g := encodePNG(t), encodeGIF(t)
	const header = 8 + 25 // the signature and IHDR
	trailer := len(g) - 1
	for name, told := range map[string][]byte{
		"PNG": slices.Concat(p[:header], []byte(chunk("tEXt", "Comment\x00SECRET")+chunk("eXIf", "MM SECRET")+chunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00SECRET")+
			chunk("zTXt", "k\x00\x00SECRET")+chunk("tIME", "SECRET!")+chunk("prVt", "SECRET")), p[header:], []byte("<script>SECRET</script>")),
		"GIF": slices.Concat(g[:trailer], []byte("\x21\xfe\x06SECRET\x00\x21\xff\x0bXMP DataXMP\x06SECRET\x00\x3b<script>SECRET</script>")),
		"WebP": slices.Concat(riff("WEBP", "VP8X", canvas, "ICCP", "abc", "VP8L", lossless, "EXIF", "SECRET", "XMP ", "SECRET!", "what", "SECRET"),
			[]byte("<script>SECRET</script>")),
	} {
		s, _ := open(t, files.Config{})
		f := must[files.File](t)(put(t, s, "maya", told))
		b := kept(t, s, f)
		if bytes.Contains(b, []byte("SECRET")) || f.Width != 40 || f.Height != 24 {
			t.Errorf("%s: %+v: %q", name, f, b)
		}
		switch name {
		case "PNG":
			if !bytes.Equal(b, p) {
				t.Error("the PNG is another one")
			}
		case "GIF":
			if !bytes.Equal(b, g) {
				t.Error("the GIF is another one")
			}
		case "WebP":
			want := riff("WEBP", "VP8X", "\x00"+canvas[1:], "ICCP", "abc", "VP8L", lossless)
			if !bytes.Equal(b, want) {
				t.Errorf("the WebP is %q, want %q", b, want)
			}
		}
	}
}

func TestLargePictures(t *testing.T) {
	wide := encodePNG(t)
	binary.BigEndian.PutUint32(wide[16:], 20_000)
	binary.BigEndian.PutUint32(wide[20:], 2_001)
	binary.BigEndian.PutUint32(wide[29:], crc32.ChecksumIEEE(wide[12:29]))
	long := append(encodePNG(t), bytes.Repeat([]byte("x"), files.MaxImage)...)
	frame := encodeGIF(t)
	at := bytes.Index(frame, []byte("\x2c\x00\x00\x00\x00"))
	copy(frame[at+5:], "\xff\xff\xff\xff")
	for name, b := range map[string][]byte{
		"pixels": wide, "bytes": long, "a canvas": riff("WEBP", "VP8X", "\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff", "VP8L", lossless), "a frame": frame,
	} {
		s, dir := open(t, files.Config{})
		// Whether its length is said or not.
		for _, size := range []int64{int64(len(b)), -1} {
			if _, err := s.Put(t.Context(), "maya", size, bytes.NewReader(b)); !errors.Is(err, files.ErrLarge) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if left := names(t, dir); len(left) > 0 {
			t.Errorf("%s: it leaves %v", name, left)
		}
	}
}

// cut fails after some bytes, as a connection does.
type cut struct {
	io.Reader
	err error
}

func (c cut) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = c.err
	}
	return n, err
}

func TestUploadsThatDoNotArriveWhole(t *testing.T) {
	s, dir := open(t, files.Config{})
	sound := append(mp3Sound(), make([]byte, 1<<20)...)
	for _, b := range [][]byte{nil, sound[:10], sound[:5000], sound, encodePNG(t)[:50], encodePNG(t)} {
		if _, err := s.Put(t.Context(), "maya", -1, cut{bytes.NewReader(b), io.ErrUnexpectedEOF}); !errors.Is(err, files.ErrCut) {
			t.Errorf("%d bytes: got %v", len(b), err)
		}
	}
	ctx, gone := context.WithCancel(t.Context())
	gone()
	if _, err := s.Put(ctx, "maya", -1, bytes.NewReader(sound)); !errors.Is(err, files.ErrCut) {
		t.Errorf("of somebody who has gone: %v", err)
	}
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

func TestOpenWhatIsNotThere(t *testing.T) {
	s, dir := open(t, files.Config{})
	must[int](t)(0, os.WriteFile(filepath.Join(filepath.Dir(dir), "auth.key"), []byte("secret"), 0o600))
	for _, id := range []wire.FileID{"", ".", "../auth.key", wire.FileID(strings.Repeat("0", 64)), wire.FileID(strings.Repeat("A", 64)), "/etc/passwd", wire.FileID(strings.Repeat("../", 21) + "a")} {
		if c, err := s.Open(t.Context(), id); !errors.Is(err, wire.ErrNotFound) {
			t.Errorf("%q: %v, %v", id, c, err)
		}
	}
}
