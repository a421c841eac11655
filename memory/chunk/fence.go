package chunk

import "strings"

// longestFence bounds the length of a fence; marks beyond it do not count.
const longestFence = lookback

// fence is the Markdown code fence that a place is in; zero when in none.
type fence struct {
	mark   byte // '`' or '~'
	length uint8
	// ends is set on the line that closes the fence.
	ends bool
}

// enter returns the fence that holds from the start of a line on, rest being
// the text from there.
func (f fence) enter(rest string) fence {
	if f.mark == 0 {
		return opens(rest)
	}
	mark, length, info := marks(rest)
	f.ends = mark == f.mark && length >= f.length && info == ""
	return f
}

// leave returns the fence that holds after the line f was on.
func (f fence) leave() fence {
	if f.ends {
		return fence{}
	}
	return f
}

// opens returns the fence that the line at the start of rest opens, if any.
func opens(rest string) fence {
	mark, length, info := marks(rest)
	if mark == 0 || mark == '`' && strings.Contains(info, "`") {
		return fence{}
	}
	return fence{mark: mark, length: length}
}

// marks reads the fence marks at the start of rest, and what follows them in
// the line. It returns a zero mark if there are fewer than three.
func marks(rest string) (mark byte, length uint8, info string) {
	body := strings.TrimLeft(rest[:min(len(rest), 4)], " ")
	if body == "" || body[0] != '`' && body[0] != '~' {
		return 0, 0, ""
	}
	rest = rest[min(len(rest), 4)-len(body) : min(len(rest), 4*lookback)]
	mark = body[0]
	for length < longestFence && int(length) < len(rest) && rest[length] == mark {
		length++
	}
	if length < 3 {
		return 0, 0, ""
	}
	info, _, _ = strings.Cut(rest[length:], "\n")
	return mark, length, strings.TrimSpace(info)
}
