package worker

// auditArch is AUDIT_ARCH_AARCH64.
const auditArch = 0xc00000b7

// legacyCalls are refused calls that only this architecture has.
var legacyCalls []uint32
