package transport

import "time"

// restTime is how long a goroutine of a crew waits for its next call.
const restTime = time.Second

// crew runs calls, all that there are at a time. A goroutine that has run one
// is kept for the next for a while: its stack has grown by then to what a call
// takes, and to let another one's grow costs more than many a call.
type crew struct {
	next chan func()
	home <-chan struct{} // closed when nobody waits for a next call any more
}

func newCrew(home <-chan struct{}) *crew { return &crew{make(chan func()), home} }

// run lets call run, at once.
func (c *crew) run(call func()) {
	select {
	case c.next <- call:
	default:
		go c.work(call)
	}
}

func (c *crew) work(call func()) {
	rest := time.NewTimer(restTime)
	defer rest.Stop()
	for {
		call()
		rest.Reset(restTime)
		select {
		case call = <-c.next:
		case <-rest.C:
			return
		case <-c.home:
			return
		}
	}
}
