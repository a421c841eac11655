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

// Articles, pronouns, auxiliaries, conjunctions, prepositions, question words
// and contractions, the latter with and without their apostrophe.
const englishStop = `
a about above after again against all also although am among an and another any anyone anything are aren't arent as at
be because been before being below between both but by came can can't cannot cant could couldn't couldnt
d did didn't didnt do does doesn't doesnt doing don't dont down during each either else ever
few for from further had hadn't hadnt has hasn't hasnt have haven't havent having he he'd he'll her here here's hers
herself him himself his how how's however i i'd i'll i'm i've id if im in into is isn't isnt it it'd it'll it's its itself
ive just let let's lets ll m many may me might mine more most much must my myself neither no nor not of off on once one only or other
others ought our ours ourselves out over own per please rather re s same shall she she'd she'll should shouldn't shouldnt
since so some somebody someone something such t than that that's thats the their theirs them themselves then there
there's theres these they they'd they'll they're they've theyre theyve this those though through thus to too toward towards
under until unless up upon us ve very via was wasn't wasnt we we'd we'll we're we've were weren't werent
what what's whats when when's where where's whether which while who who's whom whose why why's will with within without
won't wont would wouldn't wouldnt yes yet you you'd you'll you're you've youd youll your youre yours yourself yourselves youve`

const russianStop = `
а без более бы был была были было быть в вам вас весь во вот все всего всех вы где да даже для до его ее если есть еще
же за здесь и из или им их к как какая какие какой когда кого кому кто куда ли либо мне много может мой моя мои мы на
надо над нам нас наш не него нее нет ни них но ну о об однако он она они оно от очень по под почему при про с сам со
так также такой там те тебе тем то того тоже той только том ты тут у уже хотя чего чей чем что чтобы чье чья эта эти
это этого этой этом этот я`
