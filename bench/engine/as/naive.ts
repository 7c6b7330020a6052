/**
 * The loop of c/naive.c in AssemblyScript, a module of its own: rsi-adx-volume, long only, every bar of every sample.
 * Columns are byte offsets of f64[n].
 */

// @ts-ignore: decorator
@inline
function at(column: usize, bar: i32): f64 {
  return load<f64>(column + (<usize>bar << 3));
}

// @ts-ignore: decorator
@inline
function put(column: usize, bar: i32, value: f64): void {
  store<f64>(column + (<usize>bar << 3), value);
}

/** @param p f64[6] @param settings f64[5] @param out f64[7], see naive.ts */
export function naive(
  n: i32, first: i32, open: usize, high: usize, low: usize, close: usize, volume: usize, rsi: usize, adx: usize, mean: usize,
  dayEnds: usize, returns: usize, settings: usize, p: usize, out: usize,
): void {
  const feeRate = at(settings, 0), slippage = at(settings, 1), leverage = at(settings, 2), initialCapital = at(settings, 3), maintenanceMarginRate = at(settings, 4);
  const oversold = at(p, 0), overbought = at(p, 1), adxMin = at(p, 2), multiplier = at(p, 3), sl = at(p, 4), tp = at(p, 5);
  let capital = initialCapital, margin: f64 = 0, quantity: f64 = 0, price: f64 = 0, entryFee: f64 = 0, stop: f64 = 0, target: f64 = 0, liquidation: f64 = 0;
  let peak = capital, floor = capital, deepest: f64 = 0, previous = capital, grossProfit: f64 = 0, grossLoss: f64 = 0, sum: f64 = 0;
  let trades = 0, wins = 0, days = 0, day = 0, dayEnd = load<i32>(dayEnds), held = false;
  for (let i = 0; i < n; i++) {
    const b = i - 1;
    const counts = b >= first;
    for (let inside = 0; inside < 2; inside++) {
      let exit: f64 = NaN;
      let ends = false;
      if (held) {
        if (!inside) {
          if (at(open, i) <= liquidation) ends = true;
          else if (counts && at(rsi, b) > overbought) {
            exit = at(open, i) * (1 - slippage);
            ends = true;
          }
        } else if (at(low, i) <= stop || at(low, i) <= liquidation) {
          ends = true;
          if (stop > liquidation && at(open, i) > liquidation) exit = (at(open, i) < stop ? at(open, i) : stop) * (1 - slippage);
        } else if (at(high, i) >= target) {
          exit = at(open, i) > target ? at(open, i) : target;
          ends = true;
        }
        else if (i == n - 1) {
          exit = at(close, i) * (1 - slippage);
          ends = true;
        }
      }
      if (ends) {
        let fee = feeRate * (quantity * exit), gross = quantity * (exit - price);
        if (!(gross - fee >= -margin)) {
          gross = -margin;
          fee = 0;
        }
        let profit = gross - entryFee - fee;
        if (profit < -capital) profit = -capital;
        trades++;
        if (profit > 0) {
          wins++;
          grossProfit += profit;
        } else grossLoss -= profit;
        capital += profit;
        if (capital <= 1e-9 * initialCapital) capital = 0;
        held = false;
      }
      if (inside) break;
      if (!held) {
        if (!(counts && at(rsi, b) < oversold && at(adx, b) > adxMin && at(volume, b) > multiplier * at(mean, b) && capital > 0)) break;
        if (at(rsi, b) > overbought) break;
        held = true;
        price = at(open, i) * (1 + slippage);
        margin = capital / (1 + leverage * feeRate);
        const notional: f64 = leverage * margin;
        quantity = notional / price;
        entryFee = feeRate * notional;
        stop = price * (1 - sl);
        target = price * (1 + tp);
        liquidation = price * (1 - 1 / leverage) / (1 - maintenanceMarginRate);
      }
    }
    let equity = capital;
    if (held) {
      const left = margin + quantity * (at(close, i) - price);
      equity = capital - margin - entryFee + (left > 0 ? left : 0);
      if (equity < 0) equity = 0;
    }
    if (equity >= peak) {
      peak = equity;
      floor = peak * (1 - deepest);
    } else if (equity < floor) {
      deepest = 1 - equity / peak;
      floor = equity;
    }
    if (i == dayEnd) {
      if (previous > 0) {
        put(returns, days, equity / previous - 1);
        sum += at(returns, days++);
      }
      previous = equity;
      dayEnd = load<i32>(dayEnds + (<usize>(++day) << 2));
    }
  }
  const average = sum / days;
  let squares: f64 = 0, down: f64 = 0;
  for (let d = 0; d < days; d++) {
    squares += (at(returns, d) - average) * (at(returns, d) - average);
    if (at(returns, d) < 0) down += at(returns, d) * at(returns, d);
  }
  put(out, 0, trades);
  put(out, 1, capital / initialCapital - 1);
  put(out, 2, deepest);
  put(out, 3, average / Math.sqrt(squares / (days - 1)) * Math.sqrt(365));
  put(out, 4, average / Math.sqrt(down / days) * Math.sqrt(365));
  put(out, 5, <f64>wins / <f64>trades);
  put(out, 6, grossProfit / grossLoss);
}
