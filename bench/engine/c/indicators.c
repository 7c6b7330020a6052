/*
 * Indicators in C, written as the kernels are: one pass, Wilder's recurrences without a division in the chain.
 * Reads close, high, low, volume (f64[n] each) and prints CPU ms of each round, by indicator.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double cpu_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void ema(const double *x, long n, int period, double *out) {
  double sum = 0;
  for (int i = 0; i < period; i++) sum += x[i];
  double e = sum / period;
  const double k = 2.0 / (period + 1);
  out[period - 1] = e;
  for (long i = period; i < n; i++) out[i] = e = (x[i] - e) * k + e;
}

static void sma(const double *x, long n, int period, double *out) {
  double sum = 0;
  for (int i = 0; i < period - 1; i++) sum += x[i];
  for (long i = period - 1; i < n; i++) {
    sum += x[i];
    out[i] = sum / period;
    sum -= x[i - period + 1];
  }
}

static void rsi(const double *x, long n, int period, double *out) {
  double gain = 0, loss = 0;
  for (int i = 1; i <= period; i++) {
    const double d = x[i] - x[i - 1];
    gain += d > 0 ? d : 0;
    loss += d < 0 ? -d : 0;
  }
  gain /= period, loss /= period;
  out[period] = gain + loss == 0 ? 50 : 100 * (gain / (gain + loss));
  for (long i = period + 1; i < n; i++) {
    const double d = x[i] - x[i - 1];
    gain = (gain * (period - 1) + (d > 0 ? d : 0)) / period;
    loss = (loss * (period - 1) + (d < 0 ? -d : 0)) / period;
    out[i] = gain + loss == 0 ? 50 : 100 * (gain / (gain + loss));
  }
}

static void atr(const double *h, const double *l, const double *c, long n, int period, double *out) {
  double a = 0;
  for (long i = 1; i < n; i++) {
    const double up = h[i] > c[i - 1] ? h[i] : c[i - 1], down = l[i] < c[i - 1] ? l[i] : c[i - 1], range = up - down;
    if (i <= period) a += range;
    if (i == period) a /= period;
    if (i > period) a = (a * (period - 1) + range) / period;
    if (i >= period) out[i] = a;
  }
}

static void adx(const double *h, const double *l, const double *c, long n, int period, double *out) {
  double plus = 0, minus = 0, range = 0, value = 0;
  for (long i = 1; i < n; i++) {
    const double up = h[i] - h[i - 1], down = l[i - 1] - l[i];
    const double top = h[i] > c[i - 1] ? h[i] : c[i - 1], bottom = l[i] < c[i - 1] ? l[i] : c[i - 1];
    if (i >= period) plus -= plus / period, minus -= minus / period, range -= range / period;
    plus += up > down && up > 0 ? up : 0;
    minus += down > up && down > 0 ? down : 0;
    range += top - bottom;
    if (i < period) continue;
    const double p = 100 * (plus / range), m = 100 * (minus / range), dx = 100 * (fabs(m - p) / (p + m));
    if (i < 2 * period) value += dx;
    else value = (value * (period - 1) + dx) / period;
    if (i == 2 * period - 1) value /= period;
    if (i >= 2 * period - 1) out[i] = value;
  }
}

int main(int argc, char **argv) {
  const long n = atol(argv[2]);
  const int rounds = atoi(argv[3]);
  FILE *file = fopen(argv[1], "rb");
  double *data = malloc(8 * 4 * n), *out = malloc(8 * n);
  if (!file || fread(data, 8, 4 * n, file) != (size_t)(4 * n)) return 1;
  const double *c = data, *h = data + n, *l = data + 2 * n, *v = data + 3 * n;
  const char *names[] = {"rsi", "adx", "ema", "atr", "sma"};
  printf("{");
  for (int k = 0; k < 5; k++) {
    printf("%s\"%s\":[", k ? "," : "", names[k]);
    for (int r = 0; r < rounds; r++) {
      const double begin = cpu_ms();
      if (k == 0) rsi(c, n, 14, out);
      if (k == 1) adx(h, l, c, n, 14, out);
      if (k == 2) ema(c, n, 20, out);
      if (k == 3) atr(h, l, c, n, 14, out);
      if (k == 4) sma(v, n, 20, out);
      printf("%s%.4f", r ? "," : "", cpu_ms() - begin);
    }
    printf("]");
  }
  printf("}\n");
  return 0;
}
