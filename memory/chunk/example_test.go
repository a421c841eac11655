package chunk_test

import (
	"fmt"

	"zapomni/memory/chunk"
)

func ExampleSplit() {
	text := "The parcel came late. Dr. Vane signed for it.\n\nNobody else was in. The rest had gone to the fair."
	for _, p := range chunk.Split(text, chunk.Options{Size: 60, Overlap: 0, Min: 10}) {
		fmt.Printf("%d-%d %q\n", p.Start, p.End, text[p.Start:p.End])
	}
	// Output:
	// 0-47 "The parcel came late. Dr. Vane signed for it.\n\n"
	// 47-97 "Nobody else was in. The rest had gone to the fair."
}
