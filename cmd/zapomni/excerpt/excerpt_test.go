package excerpt

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// bracketed shows marks so that they can be read.
func bracketed(text string, marks []Span) string {
	for _, m := range slices.Backward(marks) {
		text = text[:m.Start] + "[" + text[m.Start:m.End] + "]" + text[m.End:]
	}
	return text
}

func TestWordsOfTheQuestionAreMarked(t *testing.T) {
	for _, tc := range []struct{ name, query, text, want string }{
		{"inflected", "where did Anna walk", "Anna was walking; she walks.", "[Anna] was [walking]; she [walks]."},
		{"but not common ones", "what is the plan", "This is the plan", "This is the [plan]"},
		{"unless there are no others", "to be", "to be or not", "[to] [be] or not"},
		{"without accents and case", "cafe", "The CAFÉ", "The [CAFÉ]"},
		{"whole identifiers", "parse url", "func parseURL(s string)", "func [parseURL](s string)"},
		{"a possessive", "anna", "Anna's house", "[Anna's] house"},
		{"in Cyrillic letters", "книга", "много книг", "много [книг]"},
		{"in scripts without blanks", "東京", "私は東京に住む", "私は[東京]に住む"},
		{"longer words there", "東京駅", "新東京駅前", "新[東京駅]前"},
		{"none", "elsewhere", "Anna", "Anna"},
		{"in nothing", "anna", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, tc.want, bracketed(tc.text, New(tc.query).Marks(tc.text)))
		})
	}
}

func TestExcerptShowsWhereTheWordsAre(t *testing.T) {
	filler := strings.Repeat("nothing of interest ", 40)
	for _, tc := range []struct{ name, text, want string }{
		{"at the start", "Anna lives here. " + filler, "[Anna] lives here. nothing"},
		{"in the middle", filler + "then Anna came " + filler, "interest then [Anna] came nothing"},
		{"at the end", filler + "and there was Anna", strings.Repeat("nothing of interest ", 11) + "and there was [Anna]"},
		{"where most are", "Anna " + filler + "Anna saw a river, and Lisbon " + filler, "[Anna] saw a river, and [Lisbon]"},
		{"in a text without blanks", strings.Repeat("ж", 400) + "-Anna-" + strings.Repeat("ж", 400), "…"},
		{"in one that is short", "Anna", "[Anna]"},
		{"nowhere", filler, "nothing of interest"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			line := strings.TrimSpace(tc.text)
			got, marks := New("Anna Lisbon").Excerpt(line)
			require.True(t, utf8.ValidString(got))
			require.LessOrEqual(t, len(got), excerptLength+len("…  …"))
			require.Contains(t, bracketed(got, marks), tc.want)
			require.Equal(t, !strings.HasPrefix(line, got[:4]), strings.HasPrefix(got, "… "))
			require.Equal(t, !strings.HasSuffix(line, got[len(got)-4:]), strings.HasSuffix(got, " …"))
		})
	}
}

func FuzzExcerptNeverBreaks(f *testing.F) {
	f.Add("anna", strings.Repeat("a b ", 100)+"anna")
	f.Add("東京", strings.Repeat("東京に住む", 60))
	f.Add("", "\xff\xfe")
	f.Fuzz(func(t *testing.T, question, line string) {
		got, marks := New(question).Excerpt(line)
		require.LessOrEqual(t, len(got), excerptLength+len("…  …"))
		require.Contains(t, line, strings.TrimSuffix(strings.TrimPrefix(got, "… "), " …"))
		at := 0
		for _, m := range marks {
			require.True(t, at <= m.Start && m.Start < m.End && m.End <= len(got), "%v in %q", marks, got)
			at = m.End
		}
	})
}
