#include "textflag.h"

// func tileVNNI(out *int32, in *uint8, codes *int8, depth, width int)
//
// Four rows of in with four panels of codes: 16 sums of 16 outputs each.
TEXT ·tileVNNI(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ in+8(FP), SI
	MOVQ codes+16(FP), BX
	MOVQ depth+24(FP), CX
	MOVQ width+32(FP), DX

	MOVQ CX, R8
	SHLQ $4, R8            // bytes in a panel
	LEAQ (R8)(R8*2), R9
	LEAQ (CX)(CX*2), R11
	MOVQ CX, R12
	SHRQ $2, R12

	VPXORD Z0, Z0, Z0
	VPXORD Z1, Z1, Z1
	VPXORD Z2, Z2, Z2
	VPXORD Z3, Z3, Z3
	VPXORD Z4, Z4, Z4
	VPXORD Z5, Z5, Z5
	VPXORD Z6, Z6, Z6
	VPXORD Z7, Z7, Z7
	VPXORD Z8, Z8, Z8
	VPXORD Z9, Z9, Z9
	VPXORD Z10, Z10, Z10
	VPXORD Z11, Z11, Z11
	VPXORD Z12, Z12, Z12
	VPXORD Z13, Z13, Z13
	VPXORD Z14, Z14, Z14
	VPXORD Z15, Z15, Z15

four:
	VMOVDQU32 (BX), Z16
	VMOVDQU32 (BX)(R8*1), Z17
	VMOVDQU32 (BX)(R8*2), Z18
	VMOVDQU32 (BX)(R9*1), Z19
	VPBROADCASTD (SI), Z20
	VPBROADCASTD (SI)(CX*1), Z21
	VPBROADCASTD (SI)(CX*2), Z22
	VPBROADCASTD (SI)(R11*1), Z23

	VPDPBUSD Z16, Z20, Z0
	VPDPBUSD Z17, Z20, Z1
	VPDPBUSD Z18, Z20, Z2
	VPDPBUSD Z19, Z20, Z3
	VPDPBUSD Z16, Z21, Z4
	VPDPBUSD Z17, Z21, Z5
	VPDPBUSD Z18, Z21, Z6
	VPDPBUSD Z19, Z21, Z7
	VPDPBUSD Z16, Z22, Z8
	VPDPBUSD Z17, Z22, Z9
	VPDPBUSD Z18, Z22, Z10
	VPDPBUSD Z19, Z22, Z11
	VPDPBUSD Z16, Z23, Z12
	VPDPBUSD Z17, Z23, Z13
	VPDPBUSD Z18, Z23, Z14
	VPDPBUSD Z19, Z23, Z15

	ADDQ $64, BX
	ADDQ $4, SI
	DECQ R12
	JNZ  four

	SHLQ $2, DX            // bytes in a row of out
	VMOVDQU32 Z0, (DI)
	VMOVDQU32 Z1, 64(DI)
	VMOVDQU32 Z2, 128(DI)
	VMOVDQU32 Z3, 192(DI)
	ADDQ DX, DI
	VMOVDQU32 Z4, (DI)
	VMOVDQU32 Z5, 64(DI)
	VMOVDQU32 Z6, 128(DI)
	VMOVDQU32 Z7, 192(DI)
	ADDQ DX, DI
	VMOVDQU32 Z8, (DI)
	VMOVDQU32 Z9, 64(DI)
	VMOVDQU32 Z10, 128(DI)
	VMOVDQU32 Z11, 192(DI)
	ADDQ DX, DI
	VMOVDQU32 Z12, (DI)
	VMOVDQU32 Z13, 64(DI)
	VMOVDQU32 Z14, 128(DI)
	VMOVDQU32 Z15, 192(DI)
	VZEROUPPER
	RET

// func widenAVX2(dst *int16, src *uint8, n int)
TEXT ·widenAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX

sixteen:
	VPMOVZXBW (SI), Y0
	VMOVDQU   Y0, (DI)
	ADDQ $16, SI
	ADDQ $32, DI
	SUBQ $16, CX
	JNZ  sixteen
	VZEROUPPER
	RET

#define PRODUCT(row, low, high) \
	VPBROADCASTQ row, Y10     \
	VPMADDWD     Y8, Y10, Y11 \
	VPADDD       Y11, low, low \
	VPMADDWD     Y9, Y10, Y12 \
	VPADDD       Y12, high, high

// Each sum has two halves side by side; low has outputs 0 to 3, high 4 to 7.
#define KEEP(low, high) \
	VPHADDD high, low, low \
	VPERMQ  $0xD8, low, low \
	VMOVDQU low, (DI)       \
	ADDQ    DX, DI

// func tileAVX2(out *int32, in *int16, codes *int8, depth, width int)
//
// Four rows of in with one half of a panel: codes is that half.
TEXT ·tileAVX2(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ in+8(FP), SI
	MOVQ codes+16(FP), BX
	MOVQ depth+24(FP), CX
	MOVQ width+32(FP), DX

	MOVQ CX, R12
	SHRQ $2, R12
	SHLQ $1, CX            // bytes in a row of in
	LEAQ (CX)(CX*2), R11
	SHLQ $2, DX

	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7

four:
	VPMOVSXBW (BX), Y8
	VPMOVSXBW 16(BX), Y9
	PRODUCT((SI), Y0, Y1)
	PRODUCT((SI)(CX*1), Y2, Y3)
	PRODUCT((SI)(CX*2), Y4, Y5)
	PRODUCT((SI)(R11*1), Y6, Y7)
	ADDQ $64, BX
	ADDQ $8, SI
	DECQ R12
	JNZ  four

	KEEP(Y0, Y1)
	KEEP(Y2, Y3)
	KEEP(Y4, Y5)
	KEEP(Y6, Y7)
	VZEROUPPER
	RET
