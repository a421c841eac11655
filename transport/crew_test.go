package transport

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCrewRunsAllCallsAtOnceAndGoesHome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, begun, end := newCrew(nil), make(chan int, 100), make(chan struct{})
		for i := range 50 {
			c.run(func() {
				begun <- i
				<-end
			})
		}
		synctest.Wait()
		require.Len(t, begun, 50)
		close(end)
		synctest.Wait()
		for i := range 50 {
			c.run(func() { begun <- i })
		}
		synctest.Wait()
		require.Len(t, begun, 100)
		time.Sleep(restTime)
		synctest.Wait() // the test fails if a goroutine is left
	})
}
