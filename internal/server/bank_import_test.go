package server_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/lyceum-live/lyceum/internal/formats"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

// preview is what an import answers with.
type preview struct {
	Questions []quiz.Draft      `json:"questions"`
	Skipped   []formats.Skipped `json:"skipped"`
	Notes     []struct {
		Question, Line int
		ID, Reason     string
	} `json:"notes"`
	Error *wire.Error `json:"error"`
}

// post sends a body as it is.
func (r *rig) post(path, token, lang, kind string, body io.Reader) (*http.Response, []byte) {
	r.t.Helper()
	return r.send("POST", path, token, body, "Accept-Language", lang, "Content-Type", kind)
}

// imported reads a file through the server.
func (r *rig) imported(lang, query string, file []byte) (int, preview) {
	r.t.Helper()
	res, b := r.post("/v1/rooms/algebra/questions/import"+query, r.token("hana", wire.Host), lang, "application/octet-stream", bytes.NewReader(file))
	var p preview
	if err := json.Unmarshal(b, &p); err != nil {
		r.t.Fatalf("%d: %v\n%.300s", res.StatusCode, err, b)
	}
	return res.StatusCode, p
}

const someGIFT = "::Sum::What is 2 + 2?{=4 ~3 ~5}\n\n::Long::Tell us.{}\n\n::Half::Which?{~%50%a =b}\n\n::Open::Open?{=a\n"

func utf16LE(s string) []byte {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

func TestImportShowsWhatItRead(t *testing.T) {
	r := newRig(t, server.Config{})
	status, p := r.imported("en", "", []byte(someGIFT))
	if status != http.StatusOK || len(p.Questions) != 1 || p.Questions[0].Text != "What is 2 + 2?" || p.Questions[0].Correct[0] != 0 {
		t.Fatalf("%d %+v", status, p)
	}
	for i, want := range []struct {
		line int
		id   string
		why  string
	}{{3, "Long", "essay"}, {5, "Half", "part of the points"}, {7, "Open", "not closed"}} {
		if i >= len(p.Skipped) || p.Skipped[i].Line != want.line || p.Skipped[i].ID != want.id || !strings.Contains(p.Skipped[i].Reason, want.why) {
			t.Errorf("skipped %d: %+v", i, p.Skipped)
		}
	}
	// The preview keeps nothing: neither the room nor the bank knows of it.
	if _, out := r.call("GET", "/v1/bank/questions", r.token("hana", wire.Host), ""); out["total"] != 0.0 {
		t.Errorf("the bank has %v", out["total"])
	}

	table := "题干,选项A,选项B,答案,解析\n地球是圆的吗？,是,否,A,看日食\n"
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(table))
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"UTF-8": []byte(table), "with a mark": []byte("\ufeff" + table), "GB18030": gb, "UTF-16": utf16LE(table)} {
		status, p := r.imported("zh-CN", "", file)
		if status != http.StatusOK || len(p.Questions) != 1 || p.Questions[0].Text != "地球是圆的吗？" || p.Questions[0].Explanation != "看日食" {
			t.Errorf("%s: %d %+v", name, status, p)
		}
	}
	if _, p := r.imported("zh-CN", "", []byte(someGIFT)); len(p.Skipped) != 3 || p.Skipped[2].Reason != "{ 没有对应的 }" {
		t.Errorf("in Chinese: %+v", p.Skipped)
	}
	for lang, want := range map[string]string{"en": "True", "zh-CN": "对"} {
		if _, p := r.imported(lang, "?format=gift", []byte("Is it?{T}")); len(p.Questions) != 1 || p.Questions[0].Choices[0] != want {
			t.Errorf("%s: %+v", lang, p)
		}
	}
	html := `<quiz><question type="multichoice"><name><text>n</text></name><questiontext format="html"><text><![CDATA[<p onclick="x()">Which <img src="@@PLUGINFILE@@/leaf.png" alt="leaf">?</p><script>alert(1)</script>]]></text></questiontext>
	<single>true</single><answer fraction="100" format="html"><text>&lt;b&gt;oak&lt;/b&gt;</text></answer><answer fraction="0"><text>elm</text></answer></question></quiz>`
	_, p = r.imported("en", "", []byte(html))
	if len(p.Questions) != 1 || p.Questions[0].Text != "Which [leaf]?" || p.Questions[0].Choices[0] != "oak" || len(p.Notes) != 1 || !strings.Contains(p.Notes[0].Reason, "leaf.png") {
		t.Errorf("%+v", p)
	}
}

// A formula in a cell is text, or what the sheet shows; none is computed.
func TestImportOfFormulas(t *testing.T) {
	r := newRig(t, server.Config{})
	x := excelize.NewFile()
	for i, row := range [][]any{{"Question", "Option A", "Option B", "Answer"}, {"'=1+1 is?", "=2", "3", "A"}} {
		if err := x.SetSheetRow("Sheet1", fmt.Sprint("A", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.SetCellFormula("Sheet1", "C2", `HYPERLINK("http://example.org")`); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := x.Write(&b); err != nil {
		t.Fatal(err)
	}
	status, p := r.imported("en", "", b.Bytes())
	if status != http.StatusOK || len(p.Questions) != 1 || p.Questions[0].Text != "=1+1 is?" || p.Questions[0].Choices[0] != "=2" {
		t.Errorf("%d %+v", status, p)
	}
}

func TestImportRefusals(t *testing.T) {
	r := newRig(t, server.Config{})
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	f, err := z.Create("imsmanifest.xml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(make([]byte, 30<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		query  string
		file   []byte
		status int
		code   string
	}{
		{"a zip bomb", "", bomb.Bytes(), 413, "formats.bounds"},
		{"100 MB", "", make([]byte, 100<<20), 413, "wire.too_long"},
		{"prose", "", []byte("Dear all,\nthe class is at ten.\n"), 422, "formats.unknown"},
		{"nothing", "", nil, 422, "formats.empty"},
		{"an old sheet", "", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), 422, "formats.old"},
		{"a document type", "", []byte(`<!DOCTYPE quiz [<!ENTITY x SYSTEM "file:///etc/passwd">]><quiz>&x;</quiz>`), 422, "formats.dtd"},
		{"another format", "?format=qti", []byte(someGIFT), 422, "formats.unreadable"},
		{"a format there is not", "?format=word", []byte(someGIFT), 400, "wire.field"},
		{"bytes", "", []byte{0, 1, 2, 3, 0, 0, 0, 255, 254}, 422, "formats.unknown"},
		{"too many", "", bytes.Repeat([]byte("Is it?{T}\n\n"), 5001), 413, "formats.many"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, p := r.imported("en", tt.query, tt.file)
			if status != tt.status || p.Error == nil || p.Error.Code != tt.code || len(p.Questions) > 0 {
				t.Errorf("%d %+v", status, p.Error)
			}
		})
	}
	for what, token := range map[string]string{"a viewer": r.token("vera", wire.Viewer), "nobody": ""} {
		for _, path := range []string{"/v1/rooms/algebra/questions/import", "/v1/rooms/algebra/questions/export?format=gift"} {
			if res, b := r.post(path, token, "en", "application/json", strings.NewReader(`{}`)); res.StatusCode != 403 && res.StatusCode != 401 {
				t.Errorf("%s, %s: %d %s", what, path, res.StatusCode, b)
			}
		}
	}
	if res, _ := r.post("/v1/rooms/algebra/questions/import", r.token("mo", wire.Moderator), "en", "text/plain", strings.NewReader(someGIFT)); res.StatusCode != 200 {
		t.Errorf("a moderator: %d", res.StatusCode)
	}
	// Chunked, its length is found out while it is read.
	chunked := io.MultiReader(bytes.NewReader(make([]byte, 20<<20)), bytes.NewReader(make([]byte, 20<<20)))
	if res, b := r.post("/v1/rooms/algebra/questions/import", r.token("hana", wire.Host), "en", "text/plain", chunked); res.StatusCode != 413 {
		t.Errorf("40 MB in pieces: %d %s", res.StatusCode, b)
	}
}

// What is exported and imported again is the same, in every format.
func TestExportThereAndBack(t *testing.T) {
	r := newRig(t, server.Config{})
	host := r.token("hana", wire.Host)
	body := `{"title":"第一课: Sums & more","questions":[
		{"text":"2 + 2?","choices":["4","5","=6"],"correct":[0],"points":500,"seconds":0,"tags":["sums"],"explanation":"Count."},
		{"type":"truefalse","text":"Is it?","choices":["True","False"],"correct":[1]},
		{"type":"numeric","text":"π?","ranges":[{"min":3.1,"max":3.2}]},
		{"type":"text","text":"Capital?","accept":["北京","Peking"]},
		{"type":"order","text":"Order","choices":["one","two","three"]},
		{"type":"match","text":"Match","pairs":[{"left":"a","right":"1"},{"left":"b","right":"2"}]},
		{"type":"gaps","text":"[[1]] and [[2]]","gaps":[["x","y"],["z"]]}]}`
	var sent struct{ Questions []quiz.Draft }
	if err := json.Unmarshal([]byte(body), &sent); err != nil {
		t.Fatal(err)
	}
	for _, format := range formats.Writable {
		t.Run(string(format), func(t *testing.T) {
			res, file := r.post("/v1/rooms/algebra/questions/export?format="+string(format), host, "en", "application/json", strings.NewReader(body))
			if res.StatusCode != 200 || !strings.Contains(res.Header.Get("Content-Disposition"), "attachment") || !strings.Contains(res.Header.Get("Content-Disposition"), "Sums-more") {
				t.Fatalf("%d %v %.200s", res.StatusCode, res.Header, file)
			}
			text, err := url.PathUnescape(res.Header.Get("Lyceum-Left-Out"))
			if err != nil {
				t.Fatal(err)
			}
			var left struct{ Count int }
			if err := json.Unmarshal([]byte(text), &left); err != nil {
				t.Fatal(err)
			}
			want := sent.Questions
			if format == formats.GIFT { // has no gaps
				want = want[:6]
			}
			if left.Count != len(sent.Questions)-len(want) {
				t.Errorf("left out: %s", text)
			}
			_, got := r.imported("en", "", file)
			if len(got.Questions) != len(want) || len(got.Skipped) > 0 {
				t.Fatalf("%+v", got)
			}
			for i := range want {
				clean, err := quiz.Create{Title: "t", Questions: want[i : i+1]}.Clean()
				if err != nil {
					t.Fatal(err)
				}
				g, _ := json.Marshal(got.Questions[i])
				w, _ := json.Marshal(clean.Questions[0])
				if !bytes.Equal(g, w) {
					t.Errorf("\n got %s\nwant %s", g, w)
				}
			}
		})
	}
	for query, body := range map[string]string{
		"?format=aiken": body, "": body, "?format=gift": `{"title":"t","questions":[]}`, "?format=csv": `{"questions":[{"text":"no key","choices":["a","b"]}]}`,
	} {
		if res, b := r.post("/v1/rooms/algebra/questions/export"+query, host, "en", "application/json", strings.NewReader(body)); res.StatusCode != 400 {
			t.Errorf("%s: %d %.200s", query, res.StatusCode, b)
		}
	}
	gaps := `{"title":"t","questions":[{"type":"gaps","text":"[[1]]","gaps":[["x"]]}]}`
	if res, b := r.post("/v1/rooms/algebra/questions/export?format=gift", host, "en", "application/json", strings.NewReader(gaps)); res.StatusCode != 422 || !strings.Contains(string(b), "formats.nothing") {
		t.Errorf("%d %s", res.StatusCode, b)
	}
}

// TestWhoWasAModeratorReadsNoFiles: the places in which files are read are few,
// and for those who are of the staff now, whatever their token says.
func TestWhoWasAModeratorReadsNoFiles(t *testing.T) {
	r := newRig(t, server.Config{})
	mod := r.token("mod", wire.Moderator)
	r.join("mod", wire.Moderator)
	host := r.join("hana", wire.Host)
	if status, out := r.call("POST", "/v1/rooms/algebra/questions/import", mod, "Q {T}"); status != http.StatusOK {
		t.Fatalf("a moderator: %d %v", status, out)
	}
	host.ask("role.set", "1", `{"user":"mod","role":"viewer"}`)
	for _, path := range []string{"import", "export?format=csv"} {
		if status, out := r.call("POST", "/v1/rooms/algebra/questions/"+path, mod, "Q {T}"); status != http.StatusForbidden {
			t.Errorf("%s: %d %v", path, status, out)
		}
	}
}
