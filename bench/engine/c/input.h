/* What the host hands over: a header, nine columns of bars, six parameters a sample. All f64, one behind the other. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
  int32_t n, samples, first;
  double fee, slippage, leverage, capital, maintenance;
  const double *time, *open, *high, *low, *close, *volume, *rsi, *adx, *mean;
  /* oversold, overbought, adx_min, volume_multiplier, sl, tp */
  const double *parameters;
} Input;

static double cpu_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int read_input(const char *path, Input *in) {
  double header[8];
  FILE *file = fopen(path, "rb");
  if (!file || fread(header, 8, 8, file) != 8) return 0;
  in->n = header[0], in->samples = header[1], in->first = header[2];
  in->fee = header[3], in->slippage = header[4], in->leverage = header[5], in->capital = header[6], in->maintenance = header[7];
  const size_t count = 9 * (size_t)in->n + 6 * (size_t)in->samples;
  double *data = malloc(8 * count);
  if (fread(data, 8, count, file) != count) return 0;
  const double **columns[9] = {&in->time, &in->open, &in->high, &in->low, &in->close, &in->volume, &in->rsi, &in->adx, &in->mean};
  for (int i = 0; i < 9; i++) *columns[i] = data + i * (size_t)in->n;
  in->parameters = data + 9 * (size_t)in->n;
  fclose(file);
  return 1;
}

static int write_output(const char *path, const double *values, size_t count) {
  FILE *file = fopen(path, "wb");
  if (!file) return 0;
  const int done = fwrite(values, 8, count, file) == count;
  return fclose(file) == 0 && done;
}
