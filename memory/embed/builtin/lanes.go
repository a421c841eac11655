//go:build amd64 || arm64

package builtin

import "math"

// lanes and masks are the constants of the assembly files, once for each lane.
//
//nolint:unused // they use it
var lanes = [...][lane]float32{
	{1, 1, 1, 1, 1, 1, 1, 1},
	{0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5},
	{math.Sqrt2 / 2, math.Sqrt2 / 2, math.Sqrt2 / 2, math.Sqrt2 / 2, math.Sqrt2 / 2, math.Sqrt2 / 2, math.Sqrt2 / 2, math.Sqrt2 / 2},
	{erfShare, erfShare, erfShare, erfShare, erfShare, erfShare, erfShare, erfShare},
	{erf1, erf1, erf1, erf1, erf1, erf1, erf1, erf1},
	{erf2, erf2, erf2, erf2, erf2, erf2, erf2, erf2},
	{erf3, erf3, erf3, erf3, erf3, erf3, erf3, erf3},
	{erf4, erf4, erf4, erf4, erf4, erf4, erf4, erf4},
	{erf5, erf5, erf5, erf5, erf5, erf5, erf5, erf5},
	{leastPower, leastPower, leastPower, leastPower, leastPower, leastPower, leastPower, leastPower},
	{log2e, log2e, log2e, log2e, log2e, log2e, log2e, log2e},
	{roundBig, roundBig, roundBig, roundBig, roundBig, roundBig, roundBig, roundBig},
	{ln2High, ln2High, ln2High, ln2High, ln2High, ln2High, ln2High, ln2High},
	{ln2Low, ln2Low, ln2Low, ln2Low, ln2Low, ln2Low, ln2Low, ln2Low},
	{exp2, exp2, exp2, exp2, exp2, exp2, exp2, exp2},
	{exp3, exp3, exp3, exp3, exp3, exp3, exp3, exp3},
	{exp4, exp4, exp4, exp4, exp4, exp4, exp4, exp4},
	{exp5, exp5, exp5, exp5, exp5, exp5, exp5, exp5},
	{exp6, exp6, exp6, exp6, exp6, exp6, exp6, exp6},
	{exp7, exp7, exp7, exp7, exp7, exp7, exp7, exp7},
}

//nolint:unused // the assembly files use it
var masks = [...][lane]uint32{
	{127, 127, 127, 127, 127, 127, 127, 127},
	{noSign, noSign, noSign, noSign, noSign, noSign, noSign, noSign},
	{sign, sign, sign, sign, sign, sign, sign, sign},
	{0, 4, 1, 5, 2, 6, 3, 7},
}

const (
	sign   = 1 << 31  //nolint:unused // see masks
	noSign = sign - 1 //nolint:unused // see masks
)
