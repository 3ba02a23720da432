package screen

// lookalikes are lower-case letters of other alphabets, and odd letters of
// ours, that are drawn like a Latin one (after Unicode Technical Standard 39,
// which has thousands; these are the ones that a keyboard or a name generator
// gives). Letters that only resemble one are left out: a Russian or Greek word
// must not become another.
const lookalikes = "аa" + "еe" + "ѐe" + "ёe" + "оo" + "рp" + "сc" + "уy" + "хx" + "іi" + "їi" + "јj" + "ѕs" + "ԁd" + "һh" + "ԛq" + "ԝw" + "ѵv" + "ӏi" + "кk" + "тt" + "мm" + "нh" + "вb" + "гr" +
	"αa" + "εe" + "οo" + "ρp" + "νv" + "υu" + "ιi" + "κk" + "τt" + "χx" + "γy" + "ωw" + "ηn" + "βb" + "σo" +
	"ıi" + "ȷj" + "ɑa" + "ɡg" + "ɩi" + "ɪi" + "ʏy" + "ʀr" + "ɴn" + "ʜh" + "ʟl" + "ᴀa" + "ʙb" + "ᴄc" + "ᴅd" + "ᴇe" + "ᴊj" + "ᴋk" + "ᴍm" + "ᴏo" + "ᴘp" + "ᴛt" + "ᴜu" + "ᴠv" + "ᴡw" + "ᴢz" + "ꜰf" + "ꜱs" + "øo" + "đd" + "ħh" + "łl" + "ŧt" + "ƒf" + "ðd" + "əe" +
	"օo" + "սu" + "ցg" + "հh" + "ոn" + "ѡw" +
	"🅰a" + "🅱b" + "🅾o" + "🅿p" + "∂d" + "∑e" + "©c" + "®r"

var lookalikeOf = func() map[rune]rune {
	pairs := []rune(lookalikes)
	m := make(map[rune]rune, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}()

func lookalike(r rune) rune {
	if r < 0x80 {
		return r
	}
	if l, ok := lookalikeOf[r]; ok {
		return l
	}
	return r
}
