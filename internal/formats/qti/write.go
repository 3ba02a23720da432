package qti

import (
	"archive/zip"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/internal/formats/bounded"
	"github.com/lyceum-live/lyceum/internal/formats/markup"
)

// Write writes a content package of QTI 2.2 and says which questions it could
// not hold.
func Write(w io.Writer, questions []bank.Question) ([]bank.Skipped, error) {
	var left bank.Result
	z := zip.NewWriter(w)
	var resources strings.Builder
	for i := range questions {
		q := &questions[i]
		if err := bank.Check(q); err != nil {
			left.Skip(0, q.Title, err.Error())
			continue
		}
		x := &writer{q: q, id: fmt.Sprintf("item%05d", i+1)}
		item := x.item()
		if q.Type == bank.Gaps { // HTML may have one where no element can be
			if _, err := bounded.Document(item); err != nil {
				left.Skip(0, q.Title, "QTI cannot hold a gap at this place: "+err.Error())
				continue
			}
		}
		name := "items/" + x.id + ".xml"
		f, err := z.Create(name)
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(f, item); err != nil {
			return nil, err
		}
		resources.WriteString(x.resource(name))
	}
	f, err := z.Create("imsmanifest.xml")
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(f, manifest, resources.String()); err != nil {
		return nil, err
	}
	return left.Skipped, z.Close()
}

const manifest = `<?xml version="1.0" encoding="UTF-8"?>
<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" xmlns:lom="http://ltsc.ieee.org/xsd/LOM" identifier="questions">
<metadata><schema>QTIv2.2 Package</schema><schemaversion>1.0.0</schemaversion></metadata>
<organizations/>
<resources>
%s</resources>
</manifest>
`

// writer writes one question.
type writer struct {
	q  *bank.Question
	id string

	declared, body, rules, after strings.Builder
}

// resource is what the manifest says of the item.
func (w *writer) resource(name string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "<resource identifier=\"%s\" type=\"imsqti_item_xmlv2p2\" href=\"%s\">\n", w.id, name)
	if len(w.q.Tags) > 0 || w.q.Category != "" {
		s.WriteString("<metadata><lom:lom>")
		if len(w.q.Tags) > 0 {
			s.WriteString("<lom:general>")
			for _, t := range w.q.Tags {
				fmt.Fprintf(&s, "<lom:keyword><lom:string>%s</lom:string></lom:keyword>", markup.XMLText(t))
			}
			s.WriteString("</lom:general>")
		}
		if w.q.Category != "" {
			s.WriteString("<lom:classification><lom:purpose><lom:source>LOMv1.0</lom:source><lom:value>discipline</lom:value></lom:purpose><lom:taxonPath>")
			fmt.Fprintf(&s, "<lom:taxon><lom:entry><lom:string>%s</lom:string></lom:entry></lom:taxon>", markup.XMLText(w.q.Category))
			s.WriteString("</lom:taxonPath></lom:classification>")
		}
		s.WriteString("</lom:lom></metadata>\n")
	}
	fmt.Fprintf(&s, "<file href=\"%s\"/>\n</resource>\n", name)
	return s.String()
}

// item is the item's document.
func (w *writer) item() string {
	w.answers()
	if w.q.Feedback != "" {
		w.declared.WriteString(`<outcomeDeclaration identifier="EXPLANATION" cardinality="single" baseType="identifier"/>` + "\n")
		w.rules.WriteString(`<setOutcomeValue identifier="EXPLANATION"><baseValue baseType="identifier">explanation</baseValue></setOutcomeValue>` + "\n")
		fmt.Fprintf(&w.after, "<modalFeedback outcomeIdentifier=\"EXPLANATION\" identifier=\"explanation\" showHide=\"show\">%s</modalFeedback>\n", w.rich(w.q.Feedback))
	}
	class := ownClass + string(w.q.Format)
	text := w.rich(w.q.Text)
	if w.q.Type == bank.Gaps {
		class += " " + ownGaps
		text = bank.EachGap(text, func(n int) string {
			return fmt.Sprintf(`<textEntryInteraction responseIdentifier="RESPONSE%d"/>`, n)
		})
	}
	var s strings.Builder
	s.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	fmt.Fprintf(&s, "<assessmentItem xmlns=\"http://www.imsglobal.org/xsd/imsqti_v2p2\" identifier=\"%s\" title=\"%s\" adaptive=\"false\" timeDependent=\"false\">\n",
		w.id, markup.EscapeAttr(w.q.Title))
	s.WriteString(w.declared.String())
	fmt.Fprintf(&s, "<itemBody>\n<div class=\"%s\">%s</div>\n%s</itemBody>\n", class, text, w.body.String())
	if w.rules.Len() > 0 {
		fmt.Fprintf(&s, "<responseProcessing>\n%s</responseProcessing>\n", w.rules.String())
	}
	s.WriteString(w.after.String())
	s.WriteString("</assessmentItem>\n")
	return s.String()
}

// rich is a text of the question as XML.
func (w *writer) rich(s string) string {
	if w.q.Format == bank.HTML {
		return markup.XHTML(s)
	}
	return strings.ReplaceAll(markup.XMLText(s), "\n", "<br/>")
}

func (w *writer) answers() {
	switch w.q.Type {
	case bank.Single, bank.Multi, bank.TrueFalse:
		w.choices()
	case bank.Text:
		w.text()
	case bank.Numeric:
		w.numeric()
	case bank.Matching:
		w.match()
	case bank.Ordering:
		w.order()
	case bank.Gaps:
		w.gaps()
	case bank.Essay:
		w.body.WriteString("<extendedTextInteraction responseIdentifier=\"RESPONSE\"/>\n")
		w.declared.WriteString("<responseDeclaration identifier=\"RESPONSE\" cardinality=\"single\" baseType=\"string\"/>\n")
	}
}

const score = `<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float" normalMaximum="1"><defaultValue><value>0</value></defaultValue></outcomeDeclaration>` + "\n"

// value is a weight as a part of the score.
func value(weight float64) string { return bank.Digits(math.Round(weight*1e5) / 1e7) }

// declare writes what is right, and what each answer is worth.
func (w *writer) declare(id, cardinality, base string, correct []string, mapped [][2]string, attrs string) {
	fmt.Fprintf(&w.declared, "<responseDeclaration identifier=\"%s\" cardinality=\"%s\" baseType=\"%s\">\n", id, cardinality, base)
	if len(correct) > 0 {
		w.declared.WriteString("<correctResponse>")
		for _, c := range correct {
			fmt.Fprintf(&w.declared, "<value>%s</value>", markup.XMLText(c))
		}
		w.declared.WriteString("</correctResponse>\n")
	}
	if len(mapped) > 0 {
		w.declared.WriteString("<mapping defaultValue=\"0\">")
		for _, m := range mapped {
			fmt.Fprintf(&w.declared, "<mapEntry mapKey=\"%s\" mappedValue=\"%s\"%s/>", markup.EscapeAttr(m[0]), m[1], attrs)
		}
		w.declared.WriteString("</mapping>\n")
	}
	w.declared.WriteString("</responseDeclaration>\n")
}

// scoreByMapping adds up what the mappings give.
func (w *writer) scoreByMapping(ids ...string) {
	w.declared.WriteString(score)
	w.rules.WriteString(`<setOutcomeValue identifier="SCORE"><sum>`)
	for _, id := range ids {
		fmt.Fprintf(&w.rules, `<mapResponse identifier="%s"/>`, id)
	}
	w.rules.WriteString("</sum></setOutcomeValue>\n")
}

func (w *writer) choices() {
	q := w.q
	cardinality, most := "single", 1
	if q.Type == bank.Multi {
		cardinality, most = "multiple", 0
	}
	ids := make([]string, len(q.Choices))
	var correct []string
	var mapped [][2]string
	best, feedback := 0.0, false
	for _, c := range q.Choices {
		best = max(best, c.Weight)
		feedback = feedback || c.Feedback != ""
	}
	for i, c := range q.Choices {
		ids[i] = fmt.Sprintf("choice%d", i+1)
		if q.Type == bank.TrueFalse {
			ids[i] = strings.ToLower(c.Text)
		}
		if right := c.Weight == best || q.Type == bank.Multi && c.Weight > 0; right && (q.Type == bank.Multi || len(correct) == 0) {
			correct = append(correct, ids[i])
		}
		mapped = append(mapped, [2]string{ids[i], value(c.Weight)})
	}
	w.declare("RESPONSE", cardinality, "identifier", correct, mapped, "")
	w.scoreByMapping("RESPONSE")
	if feedback {
		fmt.Fprintf(&w.declared, "<outcomeDeclaration identifier=\"FEEDBACK\" cardinality=\"%s\" baseType=\"identifier\"/>\n", cardinality)
		w.rules.WriteString("<setOutcomeValue identifier=\"FEEDBACK\"><variable identifier=\"RESPONSE\"/></setOutcomeValue>\n")
	}
	fmt.Fprintf(&w.body, "<choiceInteraction responseIdentifier=\"RESPONSE\" shuffle=\"%t\" maxChoices=\"%d\">\n", q.Type != bank.TrueFalse, most)
	for i, c := range q.Choices {
		said := ""
		if c.Feedback != "" {
			said = fmt.Sprintf(`<feedbackInline outcomeIdentifier="FEEDBACK" identifier="%s" showHide="show">%s</feedbackInline>`, ids[i], w.rich(c.Feedback))
		}
		fmt.Fprintf(&w.body, "<simpleChoice identifier=\"%s\">%s%s</simpleChoice>\n", ids[i], w.rich(c.Text), said)
	}
	w.body.WriteString("</choiceInteraction>\n")
}

func (w *writer) text() {
	best := 0.0
	var correct []string
	var mapped [][2]string
	for _, a := range w.q.Accept {
		if a.Weight > best {
			best, correct = a.Weight, []string{a.Text}
		}
		mapped = append(mapped, [2]string{a.Text, value(a.Weight)})
	}
	w.declare("RESPONSE", "single", "string", correct, mapped, ` caseSensitive="false"`)
	w.scoreByMapping("RESPONSE")
	w.entry()
}

func (w *writer) entry() {
	fmt.Fprintf(&w.body, "<div class=\"%s\"><textEntryInteraction responseIdentifier=\"RESPONSE\"/></div>\n", ownOthers)
}

func (w *writer) numeric() {
	w.declare("RESPONSE", "single", "float", nil, nil, "")
	w.declared.WriteString(score)
	w.rules.WriteString("<responseCondition>\n")
	for i, r := range w.q.Ranges {
		element := "responseIf"
		if i > 0 {
			element = "responseElseIf"
		}
		bound := func(name string, f float64) string {
			return fmt.Sprintf(`<%s><variable identifier="RESPONSE"/><baseValue baseType="float">%s</baseValue></%s>`, name, bank.Digits(f), name)
		}
		fmt.Fprintf(&w.rules, "<%s><and>%s%s</and><setOutcomeValue identifier=\"SCORE\"><baseValue baseType=\"float\">%s</baseValue></setOutcomeValue></%s>\n",
			element, bound("gte", r.Min), bound("lte", r.Max), value(r.Weight), element)
	}
	w.rules.WriteString("</responseCondition>\n")
	w.entry()
}

func (w *writer) match() {
	var lefts, rights strings.Builder
	var correct []string
	var mapped [][2]string
	ids := map[string]string{}
	n := 0
	for _, p := range w.q.Pairs {
		if p.Left != "" {
			n++
		}
	}
	place := 0
	for i, p := range w.q.Pairs {
		right := ids[p.Right]
		if right == "" || p.Left == "" {
			right = fmt.Sprintf("right%d", i+1)
			if p.Left != "" {
				ids[p.Right] = right
			}
			fmt.Fprintf(&rights, "<simpleAssociableChoice identifier=\"%s\" matchMax=\"0\">%s</simpleAssociableChoice>\n", right, w.rich(p.Right))
		}
		if p.Left == "" {
			continue
		}
		left := fmt.Sprintf("left%d", i+1)
		fmt.Fprintf(&lefts, "<simpleAssociableChoice identifier=\"%s\" matchMax=\"1\">%s</simpleAssociableChoice>\n", left, w.rich(p.Left))
		correct = append(correct, left+" "+right)
		// Shares add up to the whole.
		place++
		share := bank.Weight(100*float64(place)/float64(n)) - bank.Weight(100*float64(place-1)/float64(n))
		mapped = append(mapped, [2]string{left + " " + right, value(share)})
	}
	w.declare("RESPONSE", "multiple", "directedPair", correct, mapped, "")
	w.scoreByMapping("RESPONSE")
	fmt.Fprintf(&w.body, "<matchInteraction responseIdentifier=\"RESPONSE\" shuffle=\"true\" maxAssociations=\"0\">\n<simpleMatchSet>\n%s</simpleMatchSet>\n<simpleMatchSet>\n%s</simpleMatchSet>\n</matchInteraction>\n",
		lefts.String(), rights.String())
}

func (w *writer) order() {
	var ids []string
	w.body.WriteString("<orderInteraction responseIdentifier=\"RESPONSE\" shuffle=\"true\">\n")
	for i, c := range w.q.Choices {
		ids = append(ids, fmt.Sprintf("choice%d", i+1))
		fmt.Fprintf(&w.body, "<simpleChoice identifier=\"%s\">%s</simpleChoice>\n", ids[i], w.rich(c.Text))
	}
	w.body.WriteString("</orderInteraction>\n")
	w.declare("RESPONSE", "ordered", "identifier", ids, nil, "")
	w.declared.WriteString(score)
	w.rules.WriteString(`<responseCondition><responseIf><match><variable identifier="RESPONSE"/><correct identifier="RESPONSE"/></match>` +
		`<setOutcomeValue identifier="SCORE"><baseValue baseType="float">1</baseValue></setOutcomeValue></responseIf></responseCondition>` + "\n")
}

func (w *writer) gaps() {
	var ids []string
	all := w.q.Variants()
	for i, variants := range all {
		id := fmt.Sprintf("RESPONSE%d", i+1)
		ids = append(ids, id)
		var mapped [][2]string
		for _, v := range variants {
			mapped = append(mapped, [2]string{v, value(100 / float64(len(all)))})
		}
		w.declare(id, "single", "string", variants[:1], mapped, ` caseSensitive="false"`)
	}
	w.scoreByMapping(ids...)
}
