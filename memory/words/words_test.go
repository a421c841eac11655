package words_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"zapomni/memory/words"
)

func TestTerms(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"inflections meet in their stem", "runs running", []string{"run", "run"}},
		{"common words are kept", "to be or not", []string{"to", "be", "or", "not"}},
		{"irregular forms meet too", "bought buys went going children", []string{"buy", "buy", "go", "go", "child"}},
		{"case and accents do not count", "café CAFE", []string{"cafe", "cafe"}},
		{"a possessive is dropped", "sister's dog’s", []string{"sister", "dog"}},
		{"an apostrophe stays inside", "don't", []string{"dont"}},
		{"snake case gives its parts and itself", "read_file", []string{"read", "file", "readfil"}},
		{"camel case gives its parts and itself", "getUserHTTPResponse2", []string{"get", "user", "http", "response2", "getuserhttpresponse2"}},
		{"an acronym ends before the next word", "XMLHttpRequest", []string{"xml", "http", "request", "xmlhttprequest"}},
		{"a digit ends a part before a capital", "utf8Decoder", []string{"utf8", "decod", "utf8decoder"}},
		{"hyphens join", "co-operate", []string{"co", "oper", "cooper"}},
		{"a plural of an acronym is dropped", "two URLs miRNAs URLsOf", []string{"two", "url", "mi", "rna", "mirna", "ur", "ls", "of", "urlsof"}},
		{"a hyphen joins a number to a name", "IL-6 IL6 COVID‑19", []string{"il", "6", "il6", "il6", "covid", "19", "covid19"}},
		{"but not to a number", "5-7 2023-05-01", []string{"5", "7", "2023", "05", "01"}},
		{"numbers stay", "in 2023", []string{"in", "2023"}},
		{"the last sigma is one", "ΑΘΗΝΑΣ Αθήνας", []string{"αθηνασ", "αθηνασ"}},
		{"a sharp s has no capital", "Straße STRASSE", []string{"strass", "strass"}},
		{"Russian words are stemmed", "сестры сестра", []string{"сестр", "сестр"}},
		{"Russian adjectives are stemmed", "зелёный зеленого зелёной Зелёныи\u0306", []string{"зелен", "зелен", "зелен", "зелен"}},
		{"scripts without blanks give pairs", "東京都", []string{"東京", "京都"}},
		{"however they are composed", "ガス \u30ab\u3099ス ｶﾞｽ", []string{"ガス", "ガス", "ガス"}},
		{"however a syllable is composed", "한국 \u1112\u1161\u11ab\u1100\u116e\u11a8", []string{"한국", "한국"}},
		{"a long vowel is within a word", "ラーメン", []string{"ラー", "ーメ", "メン"}},
		{"such scripts end at others", "使用GPT模型2023年", []string{"使用", "gpt", "模型", "2023", "年"}},
		{"a hyphen joins nothing to them", "a-東京-大阪", []string{"a", "東京", "大阪"}},
		{"one character of such a script gives itself", "水", []string{"水"}},
		{"nothing gives nothing", " .,! ", []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, new(words.Analyzer).Terms(tt.text))
		})
	}
}

func TestTermsNameTheLanguageOfCode(t *testing.T) {
	a := new(words.Analyzer)
	require.Contains(t, a.Terms("def load(path):\n    return open(path)"), "python")
	require.Contains(t, a.Terms("func load(path string) error {\n\treturn nil\n}"), "go")
	require.NotContains(t, a.Terms("The snake was def not there."), "python")
}

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		name, text   string
		names, leads []string
	}{
		{"a run of capitals", "was directed by Kiju Yoshida in 1970", []string{"kiju yoshida"}, nil},
		{"small words inside", "the Bishop of Elmham died", []string{"bishop of elmham"}, nil},
		{"an article is dropped", "we saw The Wallflower again", []string{"wallflower"}, nil},
		{"one capital at the start of a sentence is no name", "Yesterday it rained. Then it stopped", nil, nil},
		{"one capital inside a sentence is a name", "met Anna there", []string{"anna"}, nil},
		{"punctuation ends a name", "with Anna, Boris and Clara", []string{"anna", "boris and clara"}, nil},
		{"initials do not", "by J. K. Rowling", []string{"j k rowling"}, nil},
		{"a title heads the text", "Lothair II (King)\nHe was a king.", []string{"lothair ii", "king"}, []string{"lothair ii"}},
		{"a sentence for a title does not", "Mice are small.\nThey eat.", nil, nil},
		{"the first name heads a text without a title", "Ada Lovelace wrote it", []string{"ada lovelace"}, []string{"ada lovelace"}},
		{"a speaker heads nothing", "Anna Smith: hello there", []string{"anna smith"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.names, read(words.Names(tt.text)))
			require.Equal(t, tt.leads, read(words.Leads(tt.text)))
		})
	}
}

func read(names []words.Name) []string {
	var all []string
	for _, n := range names {
		all = append(all, n.String())
	}
	return all
}

func TestSpeaker(t *testing.T) {
	for _, tt := range []struct{ name, text, speaker string }{
		{"before a colon", "Caroline: hello", "caroline"},
		{"with a time", "Caroline (1:56 pm on 8 May, 2023): hello", "caroline"},
		{"of two names the first", "Caroline Smith: hello", "caroline"},
		{"none in prose", "Caroline said: hello", ""},
		{"none without a capital", "note: hello", ""},
		{"none in brackets alone", "Caroline (my sister) is here", ""},
		{"none in an empty text", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := new(words.Analyzer).Doc(tt.text)
			if tt.speaker == "" {
				require.Zero(t, d.Speaker)
				return
			}
			require.Equal(t, words.HashOf(new(words.Analyzer).Terms(tt.speaker)[0]), d.Speaker)
		})
	}
}

func TestHead(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		head       int // stems
	}{
		{"the title", "Blue whale\nIt is large.", 2},
		{"the signature and the comment below", "def load(path):\n    \"\"\"Read a file.\"\"\"\n    pass", 6},
		{"none in a text of one line", "Blue whales are large.", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.head, new(words.Analyzer).Doc(tt.text).Head)
		})
	}
}

func TestQueryDropsCommonWords(t *testing.T) {
	q := new(words.Analyzer).Query("What does my sister do for a living?")
	require.Equal(t, []string{"sister", "live"}, terms(q))
	require.Len(t, q.Sequence, 8)
}

func TestQueryDropsCommonRussianWords(t *testing.T) {
	require.Equal(t, []string{"дом"}, terms(new(words.Analyzer).Query("какой мой дом")))
}

func TestQueryKeepsCommonWordsWhenThereAreNoOthers(t *testing.T) {
	require.Equal(t, []string{"who", "are", "you"}, terms(new(words.Analyzer).Query("Who are you?")))
}

func TestQueryHasEachTermOnce(t *testing.T) {
	require.Equal(t, []string{"run", "fast"}, terms(new(words.Analyzer).Query("run fast, running runs")))
}

func TestQueryMarksWhereWordsWereLeftOut(t *testing.T) {
	q := new(words.Analyzer).Query("support group for painting")
	require.Equal(t, []bool{true, false, true}, []bool{q.Terms[0].Gap, q.Terms[1].Gap, q.Terms[2].Gap})
}

func terms(q words.Query) []string {
	var all []string
	for _, t := range q.Terms {
		all = append(all, t.Term)
	}
	return all
}

// What a question looks for must be what the index holds.
func TestQueryAndTermsAgree(t *testing.T) {
	a := new(words.Analyzer)
	for _, text := range []string{"readFile_now", "naïve résumé", "well-known", "日本語テキスト", "Ёлка зелёная", "COVID-19", "x'y''z"} {
		index := a.Terms(text)
		for _, term := range terms(a.Query(text)) {
			require.Contains(t, index, term, text)
		}
	}
}

func TestALongWordIsAShortTerm(t *testing.T) {
	for _, term := range new(words.Analyzer).Terms(strings.Repeat("ab", 1<<20)) {
		require.LessOrEqual(t, len(term), 128)
	}
}

func TestAnalyzerKeepsNoTexts(t *testing.T) {
	const texts, size = 32, 1 << 18
	var a words.Analyzer
	before := heap()
	for i := range texts {
		a.Terms(fmt.Sprintf("no%d x%d ", i, i) + strings.Repeat(" ", size))
	}
	require.Less(t, heap(), before+texts*size/2)
	runtime.KeepAlive(&a)
}

// heap is how many bytes are in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestTitleIsWholeBehindBlanks(t *testing.T) {
	require.Len(t, new(words.Analyzer).Doc("     Blue whale\nIt is large.").Title, 2)
}

func FuzzTerms(f *testing.F) {
	for _, s := range []string{"", "I’m here", "getUser_nameID", "日本 text", "a\x00b\xff", "\"quoted\" ^lead @name ~x", "ﬁ ½ Å", "A. B. Čapek (1890)\nx", "'''", "-_-"} {
		f.Add(s)
	}
	a := new(words.Analyzer)
	f.Fuzz(func(t *testing.T, text string) {
		first := a.Terms(text)
		require.True(t, slices.Equal(first, a.Terms(text)), "the same text gives the same terms")
		for _, term := range first {
			require.NotEmpty(t, term)
			require.False(t, strings.ContainsAny(term, " \t\r\n\"\x00"), "%q", term)
			require.True(t, utf8.ValidString(term) || !utf8.ValidString(text), "%q", term)
			require.LessOrEqual(t, len(term), 200)
		}
		d := a.Doc(text)
		require.LessOrEqual(t, d.Head, len(d.Stems))
		if utf8.ValidString(text) {
			for _, term := range terms(a.Query(text)) {
				require.Contains(t, first, term)
			}
		}
	})
}

func BenchmarkTerms(b *testing.B) {
	text := strings.Repeat("Caroline went to the support group in Boston and painted a sunset for her sister Anna. ", 5)
	a := new(words.Analyzer)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		a.Terms(text)
	}
}

func BenchmarkDoc(b *testing.B) {
	text := strings.Repeat("Caroline went to the support group in Boston and painted a sunset for her sister Anna. ", 5)
	a := new(words.Analyzer)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		a.Doc(text)
	}
}
