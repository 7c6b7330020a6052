/*
 * The loop that one would write first, without waste: every bar of every sample once, conditions in place, all figures
 * on the way. Strategy rsi-adx-volume, long only. The same text stands in naive.ts (JavaScript) and in
 * as/naive.ts (AssemblyScript).
 */
#include <math.h>
#include <string.h>
#include "input.h"

#define FIGURES 7

static Input in;
static int32_t *day_ends;
static double *returns;

static void backtest(const double *p, double *out) {
  const double oversold = p[0], overbought = p[1], adx_min = p[2], multiplier = p[3], sl = p[4], tp = p[5];
  const int32_t n = in.n, first = in.first;
  const double *open = in.open, *high = in.high, *low = in.low, *close = in.close;
  double capital = in.capital, margin = 0, quantity = 0, price = 0, entry_fee = 0, stop = 0, target = 0, liquidation = 0;
  double peak = capital, floor = capital, deepest = 0, previous = capital, gross_profit = 0, gross_loss = 0, sum = 0;
  int32_t trades = 0, wins = 0, days = 0, day = 0, day_end = day_ends[0], held = 0;
  for (int32_t i = 0; i < n; i++) {
    const int32_t b = i - 1;
    const int counts = b >= first;
    for (int inside = 0; inside < 2; inside++) {
      double exit = NAN;
      int ends = 0;
      if (held) {
        if (!inside) {
          if (open[i] <= liquidation) ends = 1;
          else if (counts && in.rsi[b] > overbought) exit = open[i] * (1 - in.slippage), ends = 1;
        } else if (low[i] <= stop || low[i] <= liquidation) {
          ends = 1;
          if (stop > liquidation && open[i] > liquidation) exit = (open[i] < stop ? open[i] : stop) * (1 - in.slippage);
        } else if (high[i] >= target) exit = open[i] > target ? open[i] : target, ends = 1;
        else if (i == n - 1) exit = close[i] * (1 - in.slippage), ends = 1;
      }
      if (ends) {
        double fee = in.fee * (quantity * exit), gross = quantity * (exit - price);
        if (!(gross - fee >= -margin)) gross = -margin, fee = 0;
        double profit = gross - entry_fee - fee;
        if (profit < -capital) profit = -capital;
        trades++;
        if (profit > 0) wins++, gross_profit += profit;
        else gross_loss -= profit;
        capital += profit;
        if (capital <= 1e-9 * in.capital) capital = 0;
        held = 0;
      }
      if (inside) break;
      if (!held) {
        if (!(counts && in.rsi[b] < oversold && in.adx[b] > adx_min && in.volume[b] > multiplier * in.mean[b] && capital > 0)) break;
        if (in.rsi[b] > overbought) break;
        held = 1;
        price = open[i] * (1 + in.slippage);
        margin = capital / (1 + in.leverage * in.fee);
        const double notional = in.leverage * margin;
        quantity = notional / price;
        entry_fee = in.fee * notional;
        stop = price * (1 - sl);
        target = price * (1 + tp);
        liquidation = price * (1 - 1 / in.leverage) / (1 - in.maintenance);
      }
    }
    double equity = capital;
    if (held) {
      const double left = margin + quantity * (close[i] - price);
      equity = capital - margin - entry_fee + (left > 0 ? left : 0);
      if (equity < 0) equity = 0;
    }
    if (equity >= peak) peak = equity, floor = peak * (1 - deepest);
    else if (equity < floor) deepest = 1 - equity / peak, floor = equity;
    if (i == day_end) {
      if (previous > 0) returns[days] = equity / previous - 1, sum += returns[days++];
      previous = equity;
      day_end = day_ends[++day];
    }
  }
  const double average = sum / days;
  double squares = 0, down = 0;
  for (int32_t d = 0; d < days; d++) {
    squares += (returns[d] - average) * (returns[d] - average);
    if (returns[d] < 0) down += returns[d] * returns[d];
  }
  out[0] = trades;
  out[1] = capital / in.capital - 1;
  out[2] = deepest;
  out[3] = average / sqrt(squares / (days - 1)) * sqrt(365);
  out[4] = average / sqrt(down / days) * sqrt(365);
  out[5] = (double)wins / trades;
  out[6] = gross_profit / gross_loss;
}

int main(int argc, char **argv) {
  if (argc < 4 || !read_input(argv[1], &in)) return 1;
  const int rounds = atoi(argv[2]);
  day_ends = malloc(4 * (in.n + 1)), returns = malloc(8 * in.n);
  int32_t days = 0;
  for (int32_t i = 0; i < in.n; i++)
    if (i == in.n - 1 || floor(in.time[i + 1] / 864e5) != floor(in.time[i] / 864e5)) day_ends[days++] = i;
  day_ends[days] = INT32_MAX;
  double *out = malloc(8 * FIGURES * in.samples);
  printf("{\"ms\":[");
  for (int r = 0; r < rounds; r++) {
    const double begin = cpu_ms();
    for (int32_t k = 0; k < in.samples; k++) backtest(in.parameters + 6 * k, out + FIGURES * k);
    printf("%s%.3f", r ? "," : "", cpu_ms() - begin);
  }
  printf("]}\n");
  return write_output(argv[3], out, FIGURES * in.samples) ? 0 : 1;
}
