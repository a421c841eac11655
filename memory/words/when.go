package words

import "strings"

// isTime reports whether a word, folded but not stemmed, tells when something
// was or will be: of a calendar, a clock, or counted from today.
func isTime(word string) bool {
	if _, ok := timeWords[word]; ok {
		return true
	}
	return len(word) == 4 && (word[:2] == "19" || word[:2] == "20") && digitAfter(word[2:]) && digitAfter(word[3:])
}

//nolint:gochecknoglobals // a constant: Go has no constant maps.
var timeWords = func() map[string]struct{} {
	set := make(map[string]struct{}, 128)
	for _, list := range []string{englishTime, russianTime} {
		for w := range strings.FieldsSeq(list) {
			set[w] = struct{}{}
		}
	}
	return set
}()

const (
	englishTime = `
today yesterday tomorrow tonight ago last next since recently morning afternoon evening night day days week weeks weekend
weekends month months year years monday tuesday wednesday thursday friday saturday sunday january february march april may
june july august september october november december spring summer autumn fall winter`
	russianTime = `
сегодня вчера завтра позавчера послезавтра недавно назад утром днем вечером ночью день дня дней неделя недели неделю недель
месяц месяца месяцев год года лет понедельник вторник среда среду четверг пятница пятницу суббота субботу воскресенье января
февраля марта апреля мая июня июля августа сентября октября ноября декабря весной летом осенью зимой`
)

// asksWhen reports whether a question asks for a time.
func asksWhen(text string) bool {
	s := scanner{text: text}
	if !s.next() {
		return false
	}
	switch fold(s.token()) {
	case "when", "когда":
		return true
	}
	return false
}

// asks reports whether a text ends with a question, whatever is noted in
// brackets behind it.
func asks(text string) bool {
	if open := strings.LastIndex(text, " ["); open > 0 && strings.HasSuffix(text, "]") {
		text = text[:open]
	}
	text = strings.TrimRight(text, " \t\r\n\"'”’)")
	return strings.HasSuffix(text, "?") || strings.HasSuffix(text, "？")
}
