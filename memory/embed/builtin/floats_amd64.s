#include "textflag.h"

// The constants of lanes, in the order of lanes.go.
#define ONE         ·lanes+0(SB)
#define HALF        ·lanes+32(SB)
#define ROOT_HALF   ·lanes+64(SB)
#define ERF_SHARE   ·lanes+96(SB)
#define ERF1        ·lanes+128(SB)
#define ERF2        ·lanes+160(SB)
#define ERF3        ·lanes+192(SB)
#define ERF4        ·lanes+224(SB)
#define ERF5        ·lanes+256(SB)
#define LEAST_POWER ·lanes+288(SB)
#define LOG2E       ·lanes+320(SB)
#define ROUND_BIG   ·lanes+352(SB)
#define LN2_HIGH    ·lanes+384(SB)
#define LN2_LOW     ·lanes+416(SB)
#define EXP2        ·lanes+448(SB)
#define EXP3        ·lanes+480(SB)
#define EXP4        ·lanes+512(SB)
#define EXP5        ·lanes+544(SB)
#define EXP6        ·lanes+576(SB)
#define EXP7        ·lanes+608(SB)

#define EXPONENT_BIAS ·masks+0(SB)
#define NO_SIGN       ·masks+32(SB)
#define SIGN          ·masks+64(SB)
#define UNPACK        ·masks+96(SB)

// POWER sets Y0 to e to the power of it, as power does. Y1 to Y3 are used up.
#define POWER \
	VMAXPS    LEAST_POWER, Y0, Y0 \
	VMULPS    LOG2E, Y0, Y1       \
	VADDPS    ROUND_BIG, Y1, Y1   \
	VSUBPS    ROUND_BIG, Y1, Y1   \
	VMULPS    LN2_HIGH, Y1, Y2    \
	VSUBPS    Y2, Y0, Y0          \
	VMULPS    LN2_LOW, Y1, Y2     \
	VSUBPS    Y2, Y0, Y0          \
	VCVTPS2DQ Y1, Y1              \
	VPADDD    EXPONENT_BIAS, Y1, Y1 \
	VPSLLD    $23, Y1, Y1         \
	VMULPS    EXP7, Y0, Y2        \
	VADDPS    EXP6, Y2, Y2        \
	VMULPS    Y0, Y2, Y2          \
	VADDPS    EXP5, Y2, Y2        \
	VMULPS    Y0, Y2, Y2          \
	VADDPS    EXP4, Y2, Y2        \
	VMULPS    Y0, Y2, Y2          \
	VADDPS    EXP3, Y2, Y2        \
	VMULPS    Y0, Y2, Y2          \
	VADDPS    EXP2, Y2, Y2        \
	VMULPS    Y0, Y0, Y3          \
	VMULPS    Y3, Y2, Y2          \
	VADDPS    Y0, Y2, Y2          \
	VADDPS    ONE, Y2, Y2         \
	VMULPS    Y1, Y2, Y0

// FOLD adds up the lanes of Y4 into X4, in the order of total. Y5 is used up.
#define FOLD \
	VEXTRACTF128 $1, Y4, X5 \
	VADDPS       X5, X4, X4 \
	VMOVHLPS     X4, X4, X5 \
	VADDPS       X5, X4, X4 \
	VMOVSHDUP    X4, X5     \
	VADDSS       X5, X4, X4

// func rescaleAVX2(row *int32, sums *int32, scales, bias *float32, n int, scale float32, zero int32)
TEXT ·rescaleAVX2(SB), NOSPLIT, $0-48
	MOVQ row+0(FP), DI
	MOVQ sums+8(FP), SI
	MOVQ scales+16(FP), BX
	MOVQ bias+24(FP), DX
	MOVQ n+32(FP), CX
	VBROADCASTSS scale+40(FP), Y6
	MOVL zero+44(FP), R9
	VMOVD R9, X7
	VPBROADCASTD X7, Y7
	XORQ AX, AX

loop:
	VPMULLD   (SI)(AX*4), Y7, Y1
	VMOVDQU   (DI)(AX*4), Y0
	VPSUBD    Y1, Y0, Y0
	VCVTDQ2PS Y0, Y0
	VMULPS    (BX)(AX*4), Y6, Y1
	VMULPS    Y1, Y0, Y0
	VADDPS    (DX)(AX*4), Y0, Y0
	VMOVUPS   Y0, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  loop
	VZEROUPPER
	RET

// func geluAVX2(x *float32, n int)
TEXT ·geluAVX2(SB), NOSPLIT, $0-16
	MOVQ x+0(FP), DI
	MOVQ n+8(FP), CX
	VMOVUPS ONE, Y11
	VMOVUPS NO_SIGN, Y12

loop:
	VMOVUPS (DI), Y4
	VANDPS  Y12, Y4, Y5
	VMULPS  ROOT_HALF, Y5, Y5
	VMULPS  ERF_SHARE, Y5, Y6
	VADDPS  Y11, Y6, Y6
	VDIVPS  Y6, Y11, Y6
	VMULPS  ERF5, Y6, Y7
	VADDPS  ERF4, Y7, Y7
	VMULPS  Y6, Y7, Y7
	VADDPS  ERF3, Y7, Y7
	VMULPS  Y6, Y7, Y7
	VADDPS  ERF2, Y7, Y7
	VMULPS  Y6, Y7, Y7
	VADDPS  ERF1, Y7, Y7
	VMULPS  Y6, Y7, Y7
	VMULPS  Y5, Y5, Y0
	VXORPS  SIGN, Y0, Y0
	POWER
	VMULPS  Y0, Y7, Y7
	VSUBPS  Y7, Y11, Y7
	VMULPS  HALF, Y4, Y8
	VANDPS  Y12, Y8, Y9
	VMULPS  Y7, Y9, Y9
	VADDPS  Y9, Y8, Y8
	VMOVUPS Y8, (DI)
	ADDQ $32, DI
	SUBQ $8, CX
	JNZ  loop
	VZEROUPPER
	RET

// func boundsAVX2(x *float32, n int) (low, high float32)
TEXT ·boundsAVX2(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1

loop:
	VMOVUPS (SI), Y2
	VMINPS  Y2, Y0, Y0
	VMAXPS  Y2, Y1, Y1
	ADDQ $32, SI
	SUBQ $8, CX
	JNZ  loop

	VEXTRACTF128 $1, Y0, X2
	VMINPS    X2, X0, X0
	VMOVHLPS  X0, X0, X2
	VMINPS    X2, X0, X0
	VMOVSHDUP X0, X2
	VMINSS    X2, X0, X0
	VEXTRACTF128 $1, Y1, X2
	VMAXPS    X2, X1, X1
	VMOVHLPS  X1, X1, X2
	VMAXPS    X2, X1, X1
	VMOVSHDUP X1, X2
	VMAXSS    X2, X1, X1
	VMOVSS X0, low+16(FP)
	VMOVSS X1, high+20(FP)
	VZEROUPPER
	RET

// func narrowAVX2(dst *uint8, x *float32, n int, factor float32, zero int32)
TEXT ·narrowAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS factor+24(FP), Y6
	MOVL zero+28(FP), R9
	VMOVD R9, X7
	VPBROADCASTD X7, Y7
	VMOVDQU UNPACK, Y8

loop:
	VMULPS    (SI), Y6, Y0
	VMULPS    32(SI), Y6, Y1
	VMULPS    64(SI), Y6, Y2
	VMULPS    96(SI), Y6, Y3
	VCVTPS2DQ Y0, Y0
	VCVTPS2DQ Y1, Y1
	VCVTPS2DQ Y2, Y2
	VCVTPS2DQ Y3, Y3
	VPADDD    Y7, Y0, Y0
	VPADDD    Y7, Y1, Y1
	VPADDD    Y7, Y2, Y2
	VPADDD    Y7, Y3, Y3
	VPACKSSDW Y1, Y0, Y0
	VPACKSSDW Y3, Y2, Y2
	VPACKUSWB Y2, Y0, Y0
	VPERMD    Y0, Y8, Y0
	VMOVDQU   Y0, (DI)
	ADDQ $128, SI
	ADDQ $32, DI
	SUBQ $32, CX
	JNZ  loop
	VZEROUPPER
	RET

// func addAVX2(x, y *float32, n int) float32
TEXT ·addAVX2(SB), NOSPLIT, $0-28
	MOVQ x+0(FP), DI
	MOVQ y+8(FP), SI
	MOVQ n+16(FP), CX
	VXORPS Y4, Y4, Y4

loop:
	VMOVUPS (DI), Y0
	VADDPS  (SI), Y0, Y0
	VMOVUPS Y0, (DI)
	VADDPS  Y0, Y4, Y4
	ADDQ $32, DI
	ADDQ $32, SI
	SUBQ $8, CX
	JNZ  loop
	FOLD
	VMOVSS X4, ret+24(FP)
	VZEROUPPER
	RET

// func spreadAVX2(x *float32, n int, mean float32) float32
TEXT ·spreadAVX2(SB), NOSPLIT, $0-28
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VBROADCASTSS mean+16(FP), Y6
	VXORPS Y4, Y4, Y4

loop:
	VMOVUPS (SI), Y0
	VSUBPS  Y6, Y0, Y0
	VMULPS  Y0, Y0, Y0
	VADDPS  Y0, Y4, Y4
	ADDQ $32, SI
	SUBQ $8, CX
	JNZ  loop
	FOLD
	VMOVSS X4, ret+24(FP)
	VZEROUPPER
	RET

// func levelAVX2(x, weight, bias *float32, n int, mean, factor float32)
TEXT ·levelAVX2(SB), NOSPLIT, $0-40
	MOVQ x+0(FP), DI
	MOVQ weight+8(FP), SI
	MOVQ bias+16(FP), BX
	MOVQ n+24(FP), CX
	VBROADCASTSS mean+32(FP), Y6
	VBROADCASTSS factor+36(FP), Y7
	XORQ AX, AX

loop:
	VMOVUPS (DI)(AX*4), Y0
	VSUBPS  Y6, Y0, Y0
	VMULPS  Y7, Y0, Y0
	VMULPS  (SI)(AX*4), Y0, Y0
	VADDPS  (BX)(AX*4), Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  loop
	VZEROUPPER
	RET

// func scaleAVX2(x *float32, n int, factor float32)
TEXT ·scaleAVX2(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), DI
	MOVQ n+8(FP), CX
	VBROADCASTSS factor+16(FP), Y6

loop:
	VMULPS  (DI), Y6, Y0
	VMOVUPS Y0, (DI)
	ADDQ $32, DI
	SUBQ $8, CX
	JNZ  loop
	VZEROUPPER
	RET

// func highestAVX2(x *float32, n int) float32
TEXT ·highestAVX2(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VMOVUPS (SI), Y0

loop:
	VMAXPS (SI), Y0, Y0
	ADDQ $32, SI
	SUBQ $8, CX
	JNZ  loop

	VEXTRACTF128 $1, Y0, X1
	VMAXPS    X1, X0, X0
	VMOVHLPS  X0, X0, X1
	VMAXPS    X1, X0, X0
	VMOVSHDUP X0, X1
	VMAXSS    X1, X0, X0
	VMOVSS X0, ret+16(FP)
	VZEROUPPER
	RET

// func powersAVX2(x *float32, n int, top float32) float32
TEXT ·powersAVX2(SB), NOSPLIT, $0-28
	MOVQ x+0(FP), DI
	MOVQ n+8(FP), CX
	VBROADCASTSS top+16(FP), Y6
	VXORPS Y4, Y4, Y4

loop:
	VMOVUPS (DI), Y0
	VSUBPS  Y6, Y0, Y0
	POWER
	VMOVUPS Y0, (DI)
	VADDPS  Y0, Y4, Y4
	ADDQ $32, DI
	SUBQ $8, CX
	JNZ  loop
	FOLD
	VMOVSS X4, ret+24(FP)
	VZEROUPPER
	RET
