package words

import "strings"

// isStop reports whether a word, folded but not stemmed, is too common in its
// language to tell texts apart.
func isStop(word string) bool {
	_, ok := stopwords[word]
	return ok
}

//nolint:gochecknoglobals // a constant: Go has no constant maps.
var stopwords = func() map[string]struct{} {
	set := make(map[string]struct{}, 400)
	for _, list := range []string{englishStop, russianStop} {
		for w := range strings.FieldsSeq(list) {
			set[w] = struct{}{}
		}
	}
	return set
}()

// Only the words that hold sentences together: articles, pronouns, auxiliaries,
// the plainest conjunctions and prepositions, question words, and contractions
// with and without their apostrophe. Words like "most", "without" and "first"
// are kept: their rarity says well enough what they are worth.
const englishStop = `
a about again am an and any are aren't arent as at be because been being but by can can't cannot cant could couldn't couldnt
did didn't didnt do does doesn't doesnt doing don't dont for from had hadn't hadnt has hasn't hasnt have haven't havent having
he he'd he'll he's her here here's hers herself him himself his how how's however i i'd i'll i'm i've if im in into is isn't isnt
it it'd it'll it's its itself ive let's me mine my myself of on or our ours ourselves please shall she she'd she'll she's should
shouldn't shouldnt so than that that's thats the their theirs them themselves then there there's theres these they they'd they'll
they're they've theyre theyve this those though thus to too very was wasn't wasnt we we'd we'll we're we've were weren't werent
what what's whats when when's where where's which while who who's whom whose why why's will with won't wont would wouldn't wouldnt
yes you you'd you'll you're you've youd youll your youre yours yourself yourselves youve`

const russianStop = `
а без более бы был была были было быть в вам вас весь во вот все всего всех вы где да даже для до его ее если есть еще
же за здесь и из или им их к как какая какие какой когда кого кому кто куда ли либо мне много может мой моя мои мы на
надо над нам нас наш не него нее нет ни них но ну о об однако он она они оно от очень по под почему при про с сам со
так также такой там те тебе тем то того тоже той только том ты тут у уже хотя чего чей чем что чтобы чье чья эта эти
это этого этой этом этот я`
