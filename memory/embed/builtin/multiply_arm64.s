#include "textflag.h"
#include "floats_arm64.h"

// STEP takes four inputs of each row, the i-th four of V0 to V3, with the
// codes for them of 16 outputs.
#define STEP(i) \
	VLD1.P 64(R2), [V4.B16, V5.B16, V6.B16, V7.B16] \
	SDOT(i, 0, 4, 16) \
	SDOT(i, 0, 5, 17) \
	SDOT(i, 0, 6, 18) \
	SDOT(i, 0, 7, 19) \
	SDOT(i, 1, 4, 20) \
	SDOT(i, 1, 5, 21) \
	SDOT(i, 1, 6, 22) \
	SDOT(i, 1, 7, 23) \
	SDOT(i, 2, 4, 24) \
	SDOT(i, 2, 5, 25) \
	SDOT(i, 2, 6, 26) \
	SDOT(i, 2, 7, 27) \
	SDOT(i, 3, 4, 28) \
	SDOT(i, 3, 5, 29) \
	SDOT(i, 3, 6, 30) \
	SDOT(i, 3, 7, 31)

// func tileDot(out *int32, in *uint8, codes *int8, sums *int32, depth, width int)
//
// Four rows of in with one panel. The products are of signed bytes: 128 is
// taken off the inputs, and 128 times the sums of the codes put back.
TEXT ·tileDot(SB), NOSPLIT, $0-48
	MOVD out+0(FP), R0
	MOVD in+8(FP), R1
	MOVD codes+16(FP), R2
	MOVD sums+24(FP), R3
	MOVD depth+32(FP), R4
	MOVD width+40(FP), R5

	ADD R4, R1, R6
	ADD R4, R6, R7
	ADD R4, R7, R8
	LSL $2, R5, R5         // bytes in a row of out

	VLD1 (R3), [V16.S4, V17.S4, V18.S4, V19.S4]
	VSHL $7, V16.S4, V16.S4
	VSHL $7, V17.S4, V17.S4
	VSHL $7, V18.S4, V18.S4
	VSHL $7, V19.S4, V19.S4
	VMOV V16.B16, V20.B16
	VMOV V17.B16, V21.B16
	VMOV V18.B16, V22.B16
	VMOV V19.B16, V23.B16
	VMOV V16.B16, V24.B16
	VMOV V17.B16, V25.B16
	VMOV V18.B16, V26.B16
	VMOV V19.B16, V27.B16
	VMOV V16.B16, V28.B16
	VMOV V17.B16, V29.B16
	VMOV V18.B16, V30.B16
	VMOV V19.B16, V31.B16
	VMOVI $128, V8.B16

sixteen:
	VLD1.P 16(R1), [V0.B16]
	VLD1.P 16(R6), [V1.B16]
	VLD1.P 16(R7), [V2.B16]
	VLD1.P 16(R8), [V3.B16]
	VEOR V8.B16, V0.B16, V0.B16
	VEOR V8.B16, V1.B16, V1.B16
	VEOR V8.B16, V2.B16, V2.B16
	VEOR V8.B16, V3.B16, V3.B16
	STEP(0)
	STEP(1)
	STEP(2)
	STEP(3)
	SUBS $16, R4, R4
	BNE  sixteen

	VST1 [V16.S4, V17.S4, V18.S4, V19.S4], (R0)
	ADD R5, R0, R0
	VST1 [V20.S4, V21.S4, V22.S4, V23.S4], (R0)
	ADD R5, R0, R0
	VST1 [V24.S4, V25.S4, V26.S4, V27.S4], (R0)
	ADD R5, R0, R0
	VST1 [V28.S4, V29.S4, V30.S4, V31.S4], (R0)
	RET

// QUARTER takes four inputs, repeated in a, with the codes of four outputs in
// c. Each sum has two halves side by side, two outputs in low and two in high.
#define QUARTER(a, c, low, high) \
	SMULL(a, c, 8)   \
	SMULL2(a, c, 9)  \
	SADALP(8, low)   \
	SADALP(9, high)

// func tileNEON(out *int32, in *uint8, codes *int8, sums *int32, depth, width int)
//
// Two rows of in with one panel, in signed bytes as tileDot.
TEXT ·tileNEON(SB), NOSPLIT, $0-48
	MOVD out+0(FP), R0
	MOVD in+8(FP), R1
	MOVD codes+16(FP), R2
	MOVD sums+24(FP), R3
	MOVD depth+32(FP), R4
	MOVD width+40(FP), R5

	ADD R4, R1, R6
	LSL $2, R5, R5
	VMOVI $128, V10.B16
	VEOR V16.B16, V16.B16, V16.B16
	VEOR V17.B16, V17.B16, V17.B16
	VEOR V18.B16, V18.B16, V18.B16
	VEOR V19.B16, V19.B16, V19.B16
	VEOR V20.B16, V20.B16, V20.B16
	VEOR V21.B16, V21.B16, V21.B16
	VEOR V22.B16, V22.B16, V22.B16
	VEOR V23.B16, V23.B16, V23.B16
	VEOR V24.B16, V24.B16, V24.B16
	VEOR V25.B16, V25.B16, V25.B16
	VEOR V26.B16, V26.B16, V26.B16
	VEOR V27.B16, V27.B16, V27.B16
	VEOR V28.B16, V28.B16, V28.B16
	VEOR V29.B16, V29.B16, V29.B16
	VEOR V30.B16, V30.B16, V30.B16
	VEOR V31.B16, V31.B16, V31.B16

four:
	VLD1R.P 4(R1), [V0.S4]
	VLD1R.P 4(R6), [V1.S4]
	VEOR V10.B16, V0.B16, V0.B16
	VEOR V10.B16, V1.B16, V1.B16
	VLD1.P 64(R2), [V4.B16, V5.B16, V6.B16, V7.B16]
	QUARTER(0, 4, 16, 17)
	QUARTER(0, 5, 18, 19)
	QUARTER(0, 6, 20, 21)
	QUARTER(0, 7, 22, 23)
	QUARTER(1, 4, 24, 25)
	QUARTER(1, 5, 26, 27)
	QUARTER(1, 6, 28, 29)
	QUARTER(1, 7, 30, 31)
	SUBS $4, R4, R4
	BNE  four

	VLD1 (R3), [V4.S4, V5.S4, V6.S4, V7.S4]
	VSHL $7, V4.S4, V4.S4
	VSHL $7, V5.S4, V5.S4
	VSHL $7, V6.S4, V6.S4
	VSHL $7, V7.S4, V7.S4
	ADDP(17, 16, 16)
	ADDP(19, 18, 17)
	ADDP(21, 20, 18)
	ADDP(23, 22, 19)
	ADDP(25, 24, 20)
	ADDP(27, 26, 21)
	ADDP(29, 28, 22)
	ADDP(31, 30, 23)
	VADD V4.S4, V16.S4, V16.S4
	VADD V5.S4, V17.S4, V17.S4
	VADD V6.S4, V18.S4, V18.S4
	VADD V7.S4, V19.S4, V19.S4
	VADD V4.S4, V20.S4, V20.S4
	VADD V5.S4, V21.S4, V21.S4
	VADD V6.S4, V22.S4, V22.S4
	VADD V7.S4, V23.S4, V23.S4
	VST1 [V16.S4, V17.S4, V18.S4, V19.S4], (R0)
	ADD R5, R0, R0
	VST1 [V20.S4, V21.S4, V22.S4, V23.S4], (R0)
	RET
