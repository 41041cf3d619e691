/* An empty library under one of CANN's names: loading it loads the emulator behind it. */
const char* yr_fake_cann_soname(void);
const char* yr_fake_cann_soname(void) { return YR_FAKE_CANN_SONAME; }
