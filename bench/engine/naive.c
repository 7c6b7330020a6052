/*
 * The naive loop in C: every bar of every sample, conditions in place, all figures of the trades and the equity.
 * Strategy rsi-adx-volume, long only. Reads one binary file (see candles.ts), prints CPU ms of each round and a sum
 * over the results by which the host sees that the same was computed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
  double fee, slippage, leverage, capital, maintenance;
} Settings;

static double cpu_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static double *equity, *ratios, *returns;
volatile double sink; /* figures that are not part of the sum */

/* @returns roi + trades + Sharpe ratio + drawdown, so that nothing is optimised away */
static double backtest(long n, long first, const double *time, const double *open, const double *high, const double *low,
                       const double *close, const double *volume, const double *rsi, const double *adx,
                       const double *mean, const double *p, Settings s, double *trades_out) {
  const double oversold = p[0], overbought = p[1], adx_min = p[2], multiplier = p[3], sl = p[4], tp = p[5];
  double capital = s.capital, price = 0, quantity = 0, margin = 0, entry_fee = 0, stop = 0, target = 0, liquidation = 0;
  double gross_profit = 0, gross_loss = 0, fees = 0, duration = 0, entered = 0;
  long trades = 0, wins = 0;
  int in = 0;
  for (long i = 0; i < n; i++) {
    const long b = i - 1;
    double exit = NAN, fee_rate = s.fee;
    int inside = 0, liquidated = 0;
    if (in) {
      if (open[i] <= liquidation) liquidated = 1;
      else if (b >= first && rsi[b] > overbought) exit = open[i] * (1 - s.slippage);
    }
    for (int phase = 0; phase < 2; phase++) {
      if (in && (liquidated || exit == exit)) {
        double fee = fee_rate * (quantity * exit), gross = quantity * (exit - price);
        if (liquidated || gross - fee < -margin) gross = -margin, fee = 0;
        const double profit = fmax(gross - entry_fee - fee, -capital);
        ratios[trades++] = profit / capital;
        if (profit > 0) wins++, gross_profit += profit;
        if (profit < 0) gross_loss -= profit;
        fees += entry_fee + fee;
        duration += time[i] + (inside ? 60000 : 0) - entered;
        capital += profit;
        if (capital <= 1e-9 * s.capital) capital = 0;
        in = 0;
      }
      if (phase == 1) break;
      if (!in && capital > 0 && b >= first && rsi[b] < oversold && adx[b] > adx_min && volume[b] > multiplier * mean[b] && !(rsi[b] > overbought)) {
        in = 1;
        entered = time[i];
        price = open[i] * (1 + s.slippage);
        margin = capital / (1 + s.leverage * s.fee);
        const double notional = s.leverage * margin;
        quantity = notional / price;
        entry_fee = s.fee * notional;
        stop = price * (1 - sl);
        target = price * (1 + tp);
        liquidation = price * (1 - 1 / s.leverage) / (1 - s.maintenance);
      }
      exit = NAN, liquidated = 0, inside = 1;
      if (in) {
        if (stop > liquidation) {
          if (low[i] <= stop) {
            if (open[i] <= liquidation) liquidated = 1;
            else exit = (open[i] < stop ? open[i] : stop) * (1 - s.slippage);
          }
        } else if (low[i] <= liquidation) liquidated = 1;
        if (!liquidated && exit != exit && high[i] >= target) exit = open[i] > target ? open[i] : target;
        if (!liquidated && exit != exit && i == n - 1) exit = close[i] * (1 - s.slippage);
      }
    }
    equity[i] = in ? fmax(capital - margin - entry_fee + fmax(margin + quantity * (close[i] - price), 0), 0) : capital;
  }

  double peak = s.capital, peak_time = time[0], deepest = 0, longest = 0, previous = s.capital, sum = 0;
  long days = 0;
  for (long i = 0; i < n; i++) {
    const double value = equity[i], closed = time[i] + 60000;
    if (value >= peak) peak = value, peak_time = closed;
    else {
      const double fall = 1 - value / peak;
      if (fall > deepest) deepest = fall;
      if (closed - peak_time > longest) longest = closed - peak_time;
    }
    if (i < n - 1 && floor(time[i + 1] / 864e5) == floor(time[i] / 864e5)) continue;
    if (previous > 0) returns[days] = value / previous - 1, sum += returns[days++];
    previous = value;
  }
  double mean_return = sum / days, squares = 0, down = 0;
  for (long d = 0; d < days; d++) {
    squares += (returns[d] - mean_return) * (returns[d] - mean_return);
    if (returns[d] < 0) down += returns[d] * returns[d];
  }
  double total = 0, spread = 0;
  for (long t = 0; t < trades; t++) total += ratios[t];
  for (long t = 0; t < trades; t++) spread += (ratios[t] - total / trades) * (ratios[t] - total / trades);
  *trades_out += trades;
  const double sharpe = mean_return / sqrt(squares / (days - 1)) * sqrt(365), sortino = mean_return / sqrt(down / days);
  sink = gross_profit + gross_loss + fees + duration + wins + longest + sortino + sqrt(spread / (trades - 1));
  return capital / s.capital - 1 + sharpe + deepest;
}

int main(int argc, char **argv) {
  const int rounds = argc > 2 ? atoi(argv[2]) : 1;
  FILE *file = fopen(argv[1], "rb");
  double header[8];
  if (!file || fread(header, 8, 8, file) != 8) return 1;
  const long n = header[0], samples = header[1], first = header[2];
  const Settings s = {header[3], header[4], header[5], header[6], header[7]};
  double *data = malloc(8 * (9 * n + 6 * samples));
  if (fread(data, 8, 9 * n + 6 * samples, file) != (size_t)(9 * n + 6 * samples)) return 1;
  equity = malloc(8 * n), ratios = malloc(8 * n), returns = malloc(8 * n);
  const double *c[9];
  for (int i = 0; i < 9; i++) c[i] = data + i * n;
  double sum = 0, trades = 0;
  printf("{\"ms\":[");
  for (int r = 0; r < rounds; r++) {
    const double begin = cpu_ms();
    sum = trades = 0;
    for (long k = 0; k < samples; k++)
      sum += backtest(n, first, c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], data + 9 * n + 6 * k, s, &trades);
    printf("%s%.3f", r ? "," : "", cpu_ms() - begin);
  }
  printf("],\"sum\":%.17g,\"trades\":%.0f}\n", sum, trades);
  return 0;
}
