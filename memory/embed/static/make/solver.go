package main

// solver fits some columns: those from first on, block of them. Its tables
// have block numbers a token.
type solver struct {
	*examples
	scales   []float32
	diagonal []float32
	first    int
}

// run takes the columns from start, and puts them into out.
func (s *solver) run(start, out []float32) {
	table := make([]float32, words*block)
	for t := range words {
		copy(table[t*block:][:block], start[t*width+s.first:])
	}
	missing := make([]float32, len(table))
	s.gather(missing, table, true)
	near := s.shrink(missing)
	direction := append([]float32(nil), near...)
	size := columnDots(missing, near)
	change := make([]float32, len(table))
	for range steps {
		clear(change)
		s.gather(change, direction, false)
		addTimes(change, direction, ridge)
		curve := columnDots(direction, change)
		var step [block]float32
		for c := range step {
			if curve[c] > 0 {
				step[c] = float32(size[c] / curve[c])
			}
		}
		addColumns(table, direction, step, 1)
		addColumns(missing, change, step, -1)
		near = s.shrink(missing)
		next := columnDots(missing, near)
		for c := range step {
			step[c] = 0
			if size[c] > 0 {
				step[c] = float32(next[c] / size[c])
			}
		}
		size = next
		addColumns(near, direction, step, 1)
		direction = near
	}
	for t := range words {
		copy(out[t*width+s.first:][:block], table[t*block:])
	}
}

// gather adds to each token what the texts it is in have to say: what they
// miss of their targets with table, or just what table makes of them.
func (s *solver) gather(to, table []float32, miss bool) {
	var sum [block]float32
	for i := range s.len() {
		sum = [block]float32{}
		tokens, counts := s.text(i)
		for j, t := range tokens {
			addTimes(sum[:], table[int(t)*block:][:block], counts[j])
		}
		scale := float32(s.scales[i] * s.weights[i])
		for c := range sum {
			sum[c] = float32(sum[c] * scale)
		}
		if miss {
			for c, y := range s.targets[i*width+s.first:][:block] {
				sum[c] = float32(y*s.weights[i]) - sum[c]
			}
		}
		for j, t := range tokens {
			addTimes(to[int(t)*block:][:block], sum[:], float32(scale*counts[j]))
		}
	}
}

// shrink divides by how much is known of each token, which is most of what
// the texts say of how steep the way is.
func (s *solver) shrink(missing []float32) []float32 {
	out := make([]float32, len(missing))
	for t, d := range s.diagonal {
		addTimes(out[t*block:][:block], missing[t*block:][:block], 1/(d+ridge))
	}
	return out
}

func columnDots(a, b []float32) [block]float64 {
	var sums [block]float64
	for i := 0; i < len(a); i += block {
		for c := range sums {
			sums[c] += float64(a[i+c]) * float64(b[i+c])
		}
	}
	return sums
}

// addColumns adds from to to, each column times its own number.
func addColumns(to, from []float32, times [block]float32, sign float32) {
	for i := 0; i < len(to); i += block {
		for c := range times {
			to[i+c] += float32(from[i+c] * float32(sign*times[c]))
		}
	}
}
