package builtin

import "golang.org/x/sys/cpu"

// available returns the kernels that this processor can run.
func available() []*kernels {
	ks := []*kernels{portable(), neon()}
	if cpu.ARM64.HasASIMDDP {
		ks = append(ks, dot())
	}
	return ks
}
