/*
 * The engine's algorithm in plain C, for rsi-adx-volume: select, walk and measure in tiles of time, four samples side
 * by side where money is counted. As `assembly/` does it, less what this strategy does not need (shorts, trailing
 * stops, funding, programs). Same trades, same figures.
 *
 * Reads one binary file (see c-program.ts), prints CPU ms of each round and writes a row of figures per sample.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __AVX512F__
#include <immintrin.h>
#endif
#include "input.h"

#define TILE 16384
#define BLOCKS (TILE / 64 + 1)
#define LEVELS 9
#define NONE INT32_MAX
#define FIGURES 10

typedef struct { double lo, hi; } Pair; /* lowest and highest of something */

typedef struct {
  int32_t entry, exit, how, padding; /* bars; exit NONE: still open */
  double price, out, capital, margin, quantity, entry_fee, fee, profit;
} Trade;
enum { AT_OPEN, INSIDE, TARGET, LIQUIDATED_AT_OPEN, LIQUIDATED_INSIDE };

typedef struct {
  double oversold, overbought, adx_min, multiplier, sl, tp;
  /* walk */
  int32_t in, entry;
  double price, stop, target, liquidation;
  /* account and measure */
  int32_t is_open, measured, day, peak_from, peak_bar, trades, wins, losses;
  double capital, margin, entry_fee, quantity;
  double peak, floor, deepest, longest, peak_cash, peak_margin, peak_quantity, peak_price;
  double gross_profit, gross_loss, sum_abs, sum_ratio, duration, fees, best, worst;
  double *daily, *ratios;
  int32_t room;
} Sample;

static Input in;
static Sample *samples;
static int32_t *day_ends, day_count;

/* candidates of a tile: bars some sample may fill an order at */
typedef struct {
  int32_t count, bars[TILE + 64], before[BLOCKS + 1];
  uint64_t mask[BLOCKS + 1];
} Space;
static Space entries, exits;
static double entry_rsi[TILE + 64], entry_adx[TILE + 64], entry_volume[TILE + 64], entry_mean[TILE + 64], exit_rsi[TILE + 64];
static uint64_t entry_bits[BLOCKS + 2], exit_bits[BLOCKS + 2];

/* of the tile: runs of 2^k blocks of low and high, and of the closes; closes from and up to each bar of a block */
static Pair ranges[LEVELS][BLOCKS], closes[LEVELS][BLOCKS], suffix[TILE + 64], prefix[TILE + 64];
static Pair *zones; /* of low and high, for each 64 bars of the data */
static int32_t tile_base;

static inline Pair join(Pair a, Pair b) {
  Pair p = {a.lo < b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi};
  return p;
}

static void grow(Pair runs[LEVELS][BLOCKS], int count) {
  for (int k = 1; k < LEVELS && 1 << k <= count; k++)
    for (int b = 0; b + (1 << k) <= count; b++) runs[k][b] = join(runs[k - 1][b], runs[k - 1][b + (1 << (k - 1))]);
}

static inline Pair run_of(Pair runs[LEVELS][BLOCKS], int first, int count) {
  const int k = 31 - __builtin_clz(count);
  return join(runs[k][first], runs[k][first + count - (1 << k)]);
}

/* ---- select ---- */

static void prepare_tile(int32_t base, int32_t from, int32_t to, double os, double ob, double adx_min, double m) {
  const int words = (to - base + 63) >> 6;
  entries.count = exits.count = 0;
  for (int w = 0; w < words; w++) {
    const int32_t begin = base + 64 * w > from ? base + 64 * w : from, end = base + 64 * w + 64 < to ? base + 64 * w + 64 : to;
    uint64_t enter = 0, leave = 0;
    for (int32_t i = begin; i < end; i++) {
      const int32_t b = i - 1;
      const uint64_t e = (in.rsi[b] < os) & (in.adx[b] > adx_min) & (in.volume[b] > m * in.mean[b]), x = in.rsi[b] > ob;
      enter |= e << (i & 63), leave |= x << (i & 63);
    }
    entries.mask[w] = enter, exits.mask[w] = leave;
    entries.before[w] = entries.count, exits.before[w] = exits.count;
    for (; enter; enter &= enter - 1) {
      const int32_t at = entries.count++, i = base + 64 * w + __builtin_ctzll(enter), b = i - 1;
      entries.bars[at] = i;
      entry_rsi[at] = in.rsi[b], entry_adx[at] = in.adx[b], entry_volume[at] = in.volume[b], entry_mean[at] = in.mean[b];
    }
    for (; leave; leave &= leave - 1) {
      const int32_t at = exits.count++, i = base + 64 * w + __builtin_ctzll(leave);
      exits.bars[at] = i;
      exit_rsi[at] = in.rsi[i - 1];
    }
  }
  entries.mask[words] = exits.mask[words] = 0;
  entries.before[words] = entries.count, exits.before[words] = exits.count;
  for (int i = 0; i < 64; i++) entries.bars[entries.count + i] = exits.bars[exits.count + i] = NONE;
  for (int i = 0; i < 64; i++) {
    entry_rsi[entries.count + i] = entry_adx[entries.count + i] = NAN;
    entry_volume[entries.count + i] = entry_mean[entries.count + i] = exit_rsi[exits.count + i] = NAN;
  }
}

static void select_sample(const Sample *s) {
  for (int w = 0; w << 6 <= entries.count; w++) {
    uint64_t bits = 0;
#ifdef __AVX512F__
    for (int part = 0; part < 64; part += 8) {
      const int at = 64 * w + part;
      const __m512d r = _mm512_loadu_pd(entry_rsi + at);
      __mmask8 k = _mm512_cmp_pd_mask(r, _mm512_set1_pd(s->oversold), _CMP_LT_OQ);
      k &= _mm512_cmp_pd_mask(_mm512_loadu_pd(entry_adx + at), _mm512_set1_pd(s->adx_min), _CMP_GT_OQ);
      k &= _mm512_cmp_pd_mask(_mm512_loadu_pd(entry_volume + at), _mm512_mul_pd(_mm512_set1_pd(s->multiplier), _mm512_loadu_pd(entry_mean + at)), _CMP_GT_OQ);
      k &= ~_mm512_cmp_pd_mask(r, _mm512_set1_pd(s->overbought), _CMP_GT_OQ);
      bits |= (uint64_t)k << part;
    }
#else
    for (int i = 0; i < 64; i++) {
      const int at = 64 * w + i;
      bits |= (uint64_t)((entry_rsi[at] < s->oversold) & (entry_adx[at] > s->adx_min) & (entry_volume[at] > s->multiplier * entry_mean[at]) & !(entry_rsi[at] > s->overbought)) << i;
    }
#endif
    entry_bits[w] = bits;
  }
  for (int w = 0; w << 6 <= exits.count; w++) {
    uint64_t bits = 0;
#ifdef __AVX512F__
    for (int part = 0; part < 64; part += 8)
      bits |= (uint64_t)_mm512_cmp_pd_mask(_mm512_loadu_pd(exit_rsi + 64 * w + part), _mm512_set1_pd(s->overbought), _CMP_GT_OQ) << part;
#else
    for (int i = 0; i < 64; i++) bits |= (uint64_t)(exit_rsi[64 * w + i] > s->overbought) << i;
#endif
    exit_bits[w] = bits;
  }
  /* the sentinel behind the last candidate, whose bar is NONE */
  entry_bits[entries.count >> 6] |= 1ull << (entries.count & 63);
  exit_bits[exits.count >> 6] |= 1ull << (exits.count & 63);
}

static inline int32_t next(const uint64_t *bits, int32_t at) {
  int32_t w = at >> 6;
  uint64_t word = bits[w] & (~0ull << (at & 63));
  while (!word) word = bits[++w];
  return (w << 6) + __builtin_ctzll(word);
}

static inline int32_t rank_of(const Space *space, int32_t bar) {
  const int32_t at = bar - tile_base, w = at >> 6;
  return space->before[w] + __builtin_popcountll(space->mask[w] & ((1ull << (at & 63)) - 1));
}

/* ---- walk ---- */

static int32_t scan(double floor, double ceiling, int32_t from, int32_t to) {
  for (int32_t i = from; i <= to; i++)
    if (in.low[i] <= floor || in.high[i] >= ceiling) return i;
  return -1;
}

static int32_t touch(double floor, double ceiling, int32_t from, int32_t to) {
  if (from > to) return -1;
  const int first = from >> 6, last = to >> 6;
  const Pair around = run_of(ranges, first - (tile_base >> 6), last - first + 1);
  if (!(around.lo <= floor || around.hi >= ceiling)) return -1;
  for (int b = first; b <= last; b++)
    if (zones[b].lo <= floor || zones[b].hi >= ceiling) {
      const int32_t hit = scan(floor, ceiling, from > b << 6 ? from : b << 6, to < (b << 6 | 63) ? to : b << 6 | 63);
      if (hit >= 0) return hit;
    }
  return -1;
}

static int walk(Sample *s, int32_t from, int32_t to, Trade *log) {
  int held = s->in, count = 0;
  int32_t entry_bar = s->entry, entry = 0, exit = 0;
  if (held) log->entry = entry_bar, log->price = s->price;
  for (;;) {
    Trade *t = log + count;
    int32_t bar = entry_bar > from ? entry_bar : from;
    if (!held) {
      entry = next(entry_bits, entry);
      entry_bar = bar = entries.bars[entry];
      if (bar == NONE) break;
      held = 1;
      s->price = in.open[bar] * (1 + in.slippage);
      s->stop = s->price * (1 - s->sl);
      s->target = s->price * (1 + s->tp);
      s->liquidation = s->price * (1 - 1 / in.leverage) / (1 - in.maintenance);
      t->entry = bar, t->price = s->price;
      exit = bar + 1 < to ? rank_of(&exits, bar + 1) : exits.count;
      entry++;
    }
    exit = next(exit_bits, exit);
    const int32_t signal = exits.bars[exit], last = (signal < to ? signal : to) - 1;
    const double level = s->stop > s->liquidation ? s->stop : s->liquidation;
    const int32_t touched = touch(level, s->target, bar, last);
    if (touched >= 0) {
      const double o = in.open[touched];
      int at_open = 0;
      t->exit = touched;
      if (o <= s->liquidation && touched > t->entry) t->out = NAN, t->how = LIQUIDATED_AT_OPEN, at_open = 1;
      else if (in.low[touched] <= level) {
        if (s->stop > s->liquidation && !(o <= s->liquidation)) t->out = (o < s->stop ? o : s->stop) * (1 - in.slippage), t->how = INSIDE;
        else t->out = NAN, t->how = LIQUIDATED_INSIDE;
      } else t->out = o > s->target ? o : s->target, t->how = TARGET;
      const int32_t again = at_open ? touched : touched + 1;
      entry = again < to ? rank_of(&entries, again) : entries.count;
    } else if (signal < to) {
      const double o = in.open[signal];
      t->exit = signal;
      t->out = o <= s->liquidation ? NAN : o * (1 - in.slippage);
      t->how = o <= s->liquidation ? LIQUIDATED_AT_OPEN : AT_OPEN;
      entry = rank_of(&entries, signal);
    } else {
      count++;
      if (to == in.n) t->exit = to - 1, t->out = in.close[to - 1] * (1 - in.slippage), t->how = INSIDE, held = 0;
      else t->exit = NONE;
      break;
    }
    held = 0;
    count++;
  }
  s->in = held, s->entry = entry_bar;
  return count;
}

/* ---- account: four samples side by side ---- */

static inline void settle(Sample *s, Trade *t, int carried) {
  const double capital = s->capital;
  t->capital = capital;
  if (carried) t->margin = s->margin, t->quantity = s->quantity, t->entry_fee = s->entry_fee;
  else {
    t->margin = capital / (1 + in.leverage * in.fee);
    const double notional = in.leverage * t->margin;
    t->quantity = notional / t->price;
    t->entry_fee = in.fee * notional;
  }
  if (t->exit == NONE) return;
  double fee = in.fee * (t->quantity * t->out), gross = t->quantity * (t->out - t->price);
  if (t->how >= LIQUIDATED_AT_OPEN || gross - fee < -t->margin) gross = -t->margin, fee = 0;
  double profit = gross - t->entry_fee - fee - 0.0;
  if (profit < -capital) profit = -capital;
  t->fee = fee, t->profit = profit;
  const double after = capital + profit;
  s->capital = after <= 1e-9 * in.capital ? 0 : after;
}

/* ---- measure ---- */

static double cash, margin, quantity, price; /* of the position that is marked */

static inline double close_time(int32_t bar) { return in.time[bar] + 60000; }
static inline double peak_time(int32_t bar) { return bar < 0 ? in.time[0] : close_time(bar); }
static inline double marked(double value) {
  const double left = margin + quantity * (value - price), all = cash + (left > 0 ? left : 0);
  return all > 0 ? all : 0;
}
static inline void lower_floor(Sample *s) { s->floor = s->peak * (1 - s->deepest) * (1 + 1e-15); }

static inline void fall(Sample *s, double value) {
  const double depth = 1 - value / s->peak;
  if (depth > s->deepest) s->deepest = depth, lower_floor(s);
}

static void find_peak(Sample *s) {
  if (s->peak_from == s->peak_bar) return;
  int32_t bar = s->peak_bar;
  for (;; bar--) {
    const double left = s->peak_margin + s->peak_quantity * (in.close[bar] - s->peak_price), all = s->peak_cash + (left > 0 ? left : 0);
    if ((all > 0 ? all : 0) >= s->peak) break;
  }
  s->peak_from = s->peak_bar = bar;
}

static void end_fall(Sample *s, int32_t bar) {
  if (bar - 1 <= s->peak_from) return;
  const double until = close_time(bar - 1);
  if (until - peak_time(s->peak_from) <= s->longest) return;
  find_peak(s);
  if (bar - 1 <= s->peak_bar) return;
  const double time = until - peak_time(s->peak_bar);
  if (time > s->longest) s->longest = time;
}

static void rest(Sample *s, double capital, int32_t to) {
  while (day_ends[s->day] <= to) s->daily[s->day++] = capital;
  if (capital >= s->peak) {
    end_fall(s, s->measured);
    s->peak = capital;
    s->peak_from = s->peak_bar = to;
    lower_floor(s);
  } else if (capital < s->floor) fall(s, capital);
  s->measured = to + 1;
}

static inline Pair close_range(int32_t from, int32_t to) {
  const int first = from >> 6, last = to >> 6;
  if (first == last) {
    if ((to & 63) == 63) return suffix[from - tile_base];
    if ((from & 63) == 0) return prefix[to - tile_base];
    double lo = in.close[from], hi = lo;
    for (int32_t i = from + 1; i <= to; i++) {
      const double c = in.close[i];
      lo = c < lo ? c : lo, hi = c > hi ? c : hi;
    }
    return (Pair){lo, hi};
  }
  const Pair ends = join(suffix[from - tile_base], prefix[to - tile_base]);
  const int between = last - first - 1;
  return between == 0 ? ends : join(ends, run_of(closes, first + 1 - (tile_base >> 6), between));
}

static void climb(Sample *s, int32_t from, int32_t to) {
  while (from <= to) {
    const int32_t end = to < (from | 63) ? to : from | 63;
    const Pair c = close_range(from, end);
    const double worst = marked(c.lo), ideal = marked(c.hi);
    if (ideal < s->peak) {
      if (worst < s->floor) fall(s, worst);
    } else if (1 - worst / ideal > s->deepest || close_time(end) - peak_time(s->peak_from) > s->longest) {
      for (int32_t bar = from; bar <= end; bar++) {
        const double value = marked(in.close[bar]);
        if (value >= s->peak) {
          end_fall(s, bar);
          s->peak = value;
          s->peak_from = s->peak_bar = bar;
          lower_floor(s);
        } else if (value < s->floor) fall(s, value);
      }
    } else {
      s->peak = ideal, s->peak_from = from, s->peak_bar = end;
      s->peak_cash = cash, s->peak_margin = margin, s->peak_quantity = quantity, s->peak_price = price;
      lower_floor(s);
    }
    from = end + 1;
  }
}

static inline void mark(Sample *s, int32_t from, int32_t to) {
  for (; day_ends[s->day] <= to; s->day++) s->daily[s->day] = marked(in.close[day_ends[s->day]]);
  const Pair c = close_range(from, to);
  const double worst = marked(c.lo), ideal = marked(c.hi);
  if (ideal >= s->peak) climb(s, from, to);
  else if (worst < s->floor) fall(s, worst);
}

static void measure(Sample *s, int32_t to, const Trade *log, int count) {
  for (const Trade *t = log; t < log + count; t++) {
    const double capital = t->capital;
    if (!s->is_open && t->entry - 1 >= s->measured) rest(s, capital, t->entry - 1);
    margin = t->margin, quantity = t->quantity, price = t->price, cash = capital - margin - t->entry_fee - 0.0;
    const int32_t marks = (t->exit < to ? t->exit : to) - 1;
    if (s->measured <= marks) mark(s, s->measured, marks);
    s->measured = marks + 1;
    if (t->exit == NONE) {
      s->is_open = 1, s->margin = margin, s->quantity = quantity, s->entry_fee = t->entry_fee;
      return;
    }
    s->is_open = 0;
    const double profit = t->profit, ratio = profit / capital;
    s->duration += in.time[t->exit] + (t->how == AT_OPEN || t->how == LIQUIDATED_AT_OPEN ? 0 : 60000) - in.time[t->entry];
    s->fees += t->entry_fee + t->fee;
    s->sum_abs += profit, s->sum_ratio += ratio;
    s->wins += profit > 0, s->losses += profit < 0;
    s->gross_profit += profit > 0 ? profit : 0, s->gross_loss += profit < 0 ? -profit : 0;
    if (!(ratio <= s->best)) s->best = ratio;
    if (!(ratio >= s->worst)) s->worst = ratio;
    if (s->trades == s->room) s->ratios = realloc(s->ratios, 8 * (s->room = 2 * s->room + 64));
    s->ratios[s->trades++] = ratio;
  }
}

static void finish(Sample *s, double *out) {
  const int32_t last = in.n - 1;
  if (s->measured <= last) rest(s, s->capital, last);
  end_fall(s, last + 1);
  double sum = 0, squares = 0, down = 0, spread = 0, previous = in.capital;
  int days = 0;
  for (; days < day_count && previous > 0; days++) {
    const double value = s->daily[days];
    sum += s->daily[days] = value / previous - 1;
    previous = value;
  }
  const double average = sum / days;
  for (int d = 0; d < days; d++) {
    const double r = s->daily[d];
    squares += (r - average) * (r - average);
    if (r < 0) down += r * r;
  }
  for (int t = 0; t < s->trades; t++) spread += (s->ratios[t] - s->sum_ratio / s->trades) * (s->ratios[t] - s->sum_ratio / s->trades);
  const double span = close_time(last) - in.time[0];
  const double figures[FIGURES] = {
    s->trades, s->capital / in.capital - 1, s->deepest, s->longest, s->gross_profit, s->gross_loss, s->fees,
    average / sqrt(squares / (days - 1)) * sqrt(365), average / sqrt(down / days) * sqrt(365),
    s->duration / span + 0 * (pow(s->capital / in.capital, 31536e6 / span) + sqrt(spread / (s->trades - 1)) + s->best + s->worst)};
  memcpy(out, figures, sizeof figures);
}

static void prepare_pairs(int32_t base, int32_t to) {
  const int count = (to - base + 63) >> 6;
  for (int b = 0; b < count; b++) {
    const int32_t begin = base + 64 * b, end = begin + 64 < to ? begin + 64 : to;
    Pair p = {INFINITY, -INFINITY};
    for (int32_t i = begin; i < end; i++) prefix[i - base] = p = join(p, (Pair){in.close[i], in.close[i]});
    closes[0][b] = p;
    p = (Pair){INFINITY, -INFINITY};
    for (int32_t i = end - 1; i >= begin; i--) suffix[i - base] = p = join(p, (Pair){in.close[i], in.close[i]});
    ranges[0][b] = zones[(base >> 6) + b];
  }
  grow(closes, count);
  grow(ranges, count);
}

static void backtest(double *out) {
  static Trade logs[4][TILE + 2];
  double os = -INFINITY, ob = INFINITY, adx_min = INFINITY, multiplier = INFINITY;
  for (int32_t k = 0; k < in.samples; k++) {
    Sample *s = samples + k;
    double *daily = s->daily, *ratios = s->ratios;
    const int32_t room = s->room;
    memset(s, 0, sizeof *s);
    s->daily = daily, s->ratios = ratios, s->room = room;
    memcpy(s, in.parameters + 6 * k, 48);
    s->capital = s->peak = s->floor = in.capital;
    s->peak_from = s->peak_bar = -1;
    s->best = s->worst = NAN;
    os = fmax(os, s->oversold), ob = fmin(ob, s->overbought), adx_min = fmin(adx_min, s->adx_min), multiplier = fmin(multiplier, s->multiplier);
  }
  for (int32_t base = 0; base < in.n; base += TILE) {
    const int32_t to = base + TILE < in.n ? base + TILE : in.n;
    tile_base = base;
    prepare_pairs(base, to);
    prepare_tile(base, base > in.first + 1 ? base : in.first + 1, to, os, ob, adx_min, multiplier);
    for (int32_t next_sample = 0; next_sample < in.samples;) {
      Sample *who[4];
      int counts[4], carried[4], group = 0, most = 0;
      for (; group < 4 && next_sample < in.samples; next_sample++) {
        Sample *s = samples + next_sample;
        if (!(s->capital > 0) || (!s->in && entries.count == 0)) continue;
        select_sample(s);
        who[group] = s, carried[group] = s->is_open;
        counts[group] = walk(s, base, to, logs[group]);
        if (counts[group] > most) most = counts[group];
        group++;
      }
      for (int t = 0; t < most; t++)
        for (int g = 0; g < group; g++)
          if (t < counts[g]) {
            if (who[g]->capital > 0) settle(who[g], logs[g] + t, t == 0 && carried[g]);
            else counts[g] = t; /* ruined: nothing more can be bought */
          }
      for (int g = 0; g < group; g++) measure(who[g], to, logs[g], counts[g]);
    }
  }
  for (int32_t k = 0; k < in.samples; k++) finish(samples + k, out + FIGURES * k);
}

int main(int argc, char **argv) {
  if (argc < 4 || !read_input(argv[1], &in)) return 1;
  const int rounds = atoi(argv[2]);
  samples = calloc(in.samples, sizeof *samples);
  day_ends = malloc(4 * (in.n + 1));
  for (int32_t i = 0; i < in.n; i++)
    if (i == in.n - 1 || floor(in.time[i + 1] / 864e5) != floor(in.time[i] / 864e5)) day_ends[day_count++] = i;
  day_ends[day_count] = NONE;
  for (int32_t k = 0; k < in.samples; k++) samples[k].daily = malloc(8 * day_count);
  zones = malloc(sizeof(Pair) * (in.n / 64 + 2));
  for (int32_t b = 0; b <= (in.n - 1) >> 6; b++) {
    zones[b] = (Pair){INFINITY, -INFINITY};
    for (int32_t i = b << 6; i < in.n && i < (b + 1) << 6; i++) zones[b] = join(zones[b], (Pair){in.low[i], in.high[i]});
  }
  double *out = malloc(8 * FIGURES * in.samples);
  printf("{\"ms\":[");
  for (int r = 0; r < rounds; r++) {
    const double begin = cpu_ms();
    backtest(out);
    printf("%s%.3f", r ? "," : "", cpu_ms() - begin);
  }
  printf("]}\n");
  return write_output(argv[3], out, FIGURES * in.samples) ? 0 : 1;
}
