package builtin

import "golang.org/x/sys/cpu"

// available returns the kernels that this processor can run.
func available() []*kernels {
	ks := []*kernels{portable()}
	if cpu.X86.HasAVX2 {
		ks = append(ks, avx2())
	}
	if hasVNNI() {
		ks = append(ks, vnni())
	}
	return ks
}
