#include "textflag.h"
#include "floats_arm64.h"

// POWERS loads what POWER needs into V8 to V20, from the rows of lanes and
// masks in lanes.go.
#define POWERS \
	MOVD $·lanes(SB), R10 \
	CONSTANT(0, V8)   \
	CONSTANT(9, V9)   \
	CONSTANT(10, V10) \
	CONSTANT(11, V11) \
	CONSTANT(12, V12) \
	CONSTANT(13, V13) \
	CONSTANT(14, V14) \
	CONSTANT(15, V15) \
	CONSTANT(16, V16) \
	CONSTANT(17, V17) \
	CONSTANT(18, V18) \
	CONSTANT(19, V19) \
	MOVD $·masks(SB), R10 \
	CONSTANT(0, V20)

// POWER sets V0 to e to the power of it, as power does. V1 to V3 are used up.
#define POWER \
	FMAX4(9, 0, 0)    \
	FMUL4(10, 0, 1)   \
	FADD4(11, 1, 1)   \
	FSUB4(11, 1, 1)   \
	FMUL4(12, 1, 2)   \
	FSUB4(2, 0, 0)    \
	FMUL4(13, 1, 2)   \
	FSUB4(2, 0, 0)    \
	FCVTNS4(1, 1)     \
	VADD V20.S4, V1.S4, V1.S4 \
	VSHL $23, V1.S4, V1.S4 \
	FMUL4(19, 0, 2)   \
	FADD4(18, 2, 2)   \
	FMUL4(0, 2, 2)    \
	FADD4(17, 2, 2)   \
	FMUL4(0, 2, 2)    \
	FADD4(16, 2, 2)   \
	FMUL4(0, 2, 2)    \
	FADD4(15, 2, 2)   \
	FMUL4(0, 2, 2)    \
	FADD4(14, 2, 2)   \
	FMUL4(0, 0, 3)    \
	FMUL4(3, 2, 2)    \
	FADD4(0, 2, 2)    \
	FADD4(8, 2, 2)    \
	FMUL4(1, 2, 0)

// func powersNEON(x *float32, n int, top float32, sums *[8]float32)
TEXT ·powersNEON(SB), NOSPLIT, $0-32
	MOVD x+0(FP), R0
	MOVD n+8(FP), R1
	MOVD $top+16(FP), R2
	VLD1R (R2), [V21.S4]
	MOVD sums+24(FP), R3
	POWERS
	VEOR V22.B16, V22.B16, V22.B16
	VEOR V23.B16, V23.B16, V23.B16

loop:
	VLD1 (R0), [V0.S4]
	FSUB4(21, 0, 0)
	POWER
	VST1.P [V0.S4], 16(R0)
	FADD4(0, 22, 22)
	VLD1 (R0), [V0.S4]
	FSUB4(21, 0, 0)
	POWER
	VST1.P [V0.S4], 16(R0)
	FADD4(0, 23, 23)
	SUBS $8, R1, R1
	BNE  loop
	VST1 [V22.S4, V23.S4], (R3)
	RET

// func geluNEON(x *float32, n int)
TEXT ·geluNEON(SB), NOSPLIT, $0-16
	MOVD x+0(FP), R0
	MOVD n+8(FP), R1
	POWERS
	MOVD $·lanes(SB), R10
	CONSTANT(1, V21)
	CONSTANT(2, V22)
	CONSTANT(3, V23)
	CONSTANT(4, V24)
	CONSTANT(5, V25)
	CONSTANT(6, V26)
	CONSTANT(7, V27)
	CONSTANT(8, V28)

loop:
	VLD1 (R0), [V4.S4]
	FABS4(4, 5)
	FMUL4(22, 5, 5)
	FMUL4(23, 5, 6)
	FADD4(8, 6, 6)
	FDIV4(6, 8, 6)
	FMUL4(28, 6, 7)
	FADD4(27, 7, 7)
	FMUL4(6, 7, 7)
	FADD4(26, 7, 7)
	FMUL4(6, 7, 7)
	FADD4(25, 7, 7)
	FMUL4(6, 7, 7)
	FADD4(24, 7, 7)
	FMUL4(6, 7, 7)
	FMUL4(5, 5, 0)
	FNEG4(0, 0)
	POWER
	FMUL4(0, 7, 7)
	FSUB4(7, 8, 7)
	FMUL4(21, 4, 4)
	FABS4(4, 5)
	FMUL4(7, 5, 5)
	FADD4(5, 4, 4)
	VST1.P [V4.S4], 16(R0)
	SUBS $4, R1, R1
	BNE  loop
	RET

// func rescaleNEON(row *int32, sums *int32, scales, bias *float32, n int, scale float32, zero int32)
TEXT ·rescaleNEON(SB), NOSPLIT, $0-48
	MOVD row+0(FP), R0
	MOVD sums+8(FP), R1
	MOVD scales+16(FP), R2
	MOVD bias+24(FP), R3
	MOVD n+32(FP), R4
	MOVD $scale+40(FP), R5
	VLD1R (R5), [V16.S4]
	MOVD $zero+44(FP), R5
	VLD1R (R5), [V17.S4]

loop:
	VLD1 (R0), [V0.S4]
	VLD1.P 16(R1), [V1.S4]
	VLD1.P 16(R2), [V2.S4]
	VLD1.P 16(R3), [V3.S4]
	MUL4(17, 1, 1)
	VSUB V1.S4, V0.S4, V0.S4
	SCVTF4(0, 0)
	FMUL4(16, 2, 2)
	FMUL4(2, 0, 0)
	FADD4(3, 0, 0)
	VST1.P [V0.S4], 16(R0)
	SUBS $4, R4, R4
	BNE  loop
	RET

// func scoresNEON(dst, query, keys *float32, n int)
TEXT ·scoresNEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD query+8(FP), R1
	MOVD keys+16(FP), R2
	MOVD n+24(FP), R3
	LSL  $2, R3, R4        // bytes in a row of keys

eight:
	VEOR V0.B16, V0.B16, V0.B16
	VEOR V1.B16, V1.B16, V1.B16
	MOVD R1, R5
	MOVD R2, R6
	MOVD $32, R7

row:
	VLD1R.P 4(R5), [V2.S4]
	VLD1 (R6), [V3.S4, V4.S4]
	FMUL4(2, 3, 3)
	FMUL4(2, 4, 4)
	FADD4(3, 0, 0)
	FADD4(4, 1, 1)
	ADD  R4, R6, R6
	SUBS $1, R7, R7
	BNE  row
	VST1.P [V0.S4, V1.S4], 32(R0)
	ADD  $32, R2, R2
	SUBS $8, R3, R3
	BNE  eight
	RET

// func blendNEON(dst, shares *float32, n int, values *float32, stride int)
TEXT ·blendNEON(SB), NOSPLIT, $0-40
	MOVD dst+0(FP), R0
	MOVD shares+8(FP), R1
	MOVD n+16(FP), R2
	MOVD values+24(FP), R3
	MOVD stride+32(FP), R4
	LSL  $2, R4, R4
	VEOR V16.B16, V16.B16, V16.B16
	VEOR V17.B16, V17.B16, V17.B16
	VEOR V18.B16, V18.B16, V18.B16
	VEOR V19.B16, V19.B16, V19.B16
	VEOR V20.B16, V20.B16, V20.B16
	VEOR V21.B16, V21.B16, V21.B16
	VEOR V22.B16, V22.B16, V22.B16
	VEOR V23.B16, V23.B16, V23.B16

row:
	VLD1R.P 4(R1), [V8.S4]
	MOVD R3, R5
	VLD1.P 64(R5), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1 (R5), [V4.S4, V5.S4, V6.S4, V7.S4]
	FMUL4(8, 0, 0)
	FMUL4(8, 1, 1)
	FMUL4(8, 2, 2)
	FMUL4(8, 3, 3)
	FMUL4(8, 4, 4)
	FMUL4(8, 5, 5)
	FMUL4(8, 6, 6)
	FMUL4(8, 7, 7)
	FADD4(0, 16, 16)
	FADD4(1, 17, 17)
	FADD4(2, 18, 18)
	FADD4(3, 19, 19)
	FADD4(4, 20, 20)
	FADD4(5, 21, 21)
	FADD4(6, 22, 22)
	FADD4(7, 23, 23)
	ADD  R4, R3, R3
	SUBS $1, R2, R2
	BNE  row
	VST1.P [V16.S4, V17.S4, V18.S4, V19.S4], 64(R0)
	VST1 [V20.S4, V21.S4, V22.S4, V23.S4], (R0)
	RET
