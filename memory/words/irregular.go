package words

// irregular gives the plain form of words that inflect irregularly, where no
// other word is spelled like them.
//
//nolint:gochecknoglobals // a constant table.
var irregular = map[string]string{
	"ate": "eat", "eaten": "eat", "became": "become", "began": "begin", "begun": "begin", "bought": "buy", "brought": "bring",
	"broke": "break", "broken": "break", "built": "build", "caught": "catch", "chose": "choose", "chosen": "choose",
	"came": "come", "dealt": "deal", "drank": "drink", "drawn": "draw", "drew": "draw", "driven": "drive", "drove": "drive",
	"fallen": "fall", "fed": "feed", "fled": "flee", "flew": "fly", "flown": "fly", "forgave": "forgive", "forgot": "forget",
	"forgotten": "forget", "fought": "fight", "froze": "freeze", "frozen": "freeze", "gave": "give", "given": "give",
	"gone": "go", "went": "go", "got": "get", "gotten": "get", "grew": "grow", "grown": "grow", "heard": "hear", "held": "hold",
	"hid": "hide", "hidden": "hide", "kept": "keep", "knew": "know", "known": "know", "lent": "lend", "lost": "lose",
	"made": "make", "meant": "mean", "met": "meet", "paid": "pay", "ran": "run", "ridden": "ride", "rode": "ride",
	"rang": "ring", "rung": "ring", "risen": "rise", "said": "say", "sang": "sing", "sung": "sing", "seen": "see", "sold": "sell",
	"sent": "send", "shaken": "shake", "shook": "shake", "shown": "show", "shrank": "shrink", "shrunk": "shrink", "slept": "sleep",
	"spent": "spend", "spoke": "speak", "spoken": "speak", "sought": "seek", "stole": "steal", "stolen": "steal", "stood": "stand",
	"stuck": "stick", "struck": "strike", "swam": "swim", "swum": "swim", "swore": "swear", "sworn": "swear", "taken": "take",
	"took": "take", "taught": "teach", "thrown": "throw", "threw": "throw", "told": "tell", "thought": "think", "tore": "tear",
	"torn": "tear", "understood": "understand", "woke": "wake", "woken": "wake", "won": "win", "wore": "wear", "worn": "wear",
	"written": "write", "wrote": "write",

	"children": "child", "feet": "foot", "geese": "goose", "men": "man", "mice": "mouse", "teeth": "tooth", "women": "woman",
	"wives": "wife", "lives": "life", "knives": "knife", "wolves": "wolf", "shelves": "shelf", "halves": "half", "loaves": "loaf",

	"better": "good", "best": "good", "worse": "bad", "worst": "bad",
}
