// The assembler has no names for these. Each takes registers by number, in the
// order of the assembler: the last one is set.
#define FADD4(m, n, d) WORD $(0x4E20D400 | (m)<<16 | (n)<<5 | (d))
#define FSUB4(m, n, d) WORD $(0x4EA0D400 | (m)<<16 | (n)<<5 | (d))
#define FMUL4(m, n, d) WORD $(0x6E20DC00 | (m)<<16 | (n)<<5 | (d))
#define FDIV4(m, n, d) WORD $(0x6E20FC00 | (m)<<16 | (n)<<5 | (d))
#define FMAX4(m, n, d) WORD $(0x4E20F400 | (m)<<16 | (n)<<5 | (d))
#define MUL4(m, n, d) WORD $(0x4EA09C00 | (m)<<16 | (n)<<5 | (d))
#define FABS4(n, d) WORD $(0x4EA0F800 | (n)<<5 | (d))
#define FNEG4(n, d) WORD $(0x6EA0F800 | (n)<<5 | (d))
#define SCVTF4(n, d) WORD $(0x4E21D800 | (n)<<5 | (d))

// FCVTNS4 rounds to the nearest whole number, half to even.
#define FCVTNS4(n, d) WORD $(0x4E21A800 | (n)<<5 | (d))

// SDOT adds to each of four sums in d four products of signed bytes: those of
// n with the four of m that index i names.
#define SDOT(i, m, n, d) WORD $(0x4F80E000 | ((i)&1)<<21 | (m)<<16 | ((i)>>1)<<11 | (n)<<5 | (d))

// SMULL and SMULL2 multiply eight signed bytes of m with eight of n, the first
// or the last; SADALP adds neighbours of eight such products to four sums in d.
#define SMULL(m, n, d) WORD $(0x0E20C000 | (m)<<16 | (n)<<5 | (d))
#define SMULL2(m, n, d) WORD $(0x4E20C000 | (m)<<16 | (n)<<5 | (d))
#define SADALP(n, d) WORD $(0x4E606800 | (n)<<5 | (d))

// ADDP adds neighbours of n, then of m.
#define ADDP(m, n, d) WORD $(0x4EA0BC00 | (m)<<16 | (n)<<5 | (d))

// CONSTANT loads the first lanes of one row of lanes or masks, whose address
// is in R10. R11 is used up.
#define CONSTANT(row, v) \
	ADD  $(32*(row)), R10, R11 \
	VLD1 (R11), [v.S4]
