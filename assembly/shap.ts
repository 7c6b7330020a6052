/** Shapley values of forests, in the form of assembly/trees.ts. */

/** Path elements of `pathShap`: f64 zero, f64 one, f64 weight, i32 feature, padding. */
const ELEMENT: usize = 32;

/** Distinct features on the way to a leaf, at most: their number is that of the bits of a mask. */
const MAX_SLOTS: i32 = 64;

/** Up to so many distinct features, the answer for each set of failing ones is computed once a leaf. */
const MEMO_SLOTS: i32 = 8;

/** The host writes it: `interventionalShap` in src/models/tree-shap.ts. */
@unmanaged
class Shap {
  /** the forest: i32, f64, i32 [nodes] */
  feature: usize;
  number: usize;
  left: usize;
  /** f64[columns × stride]: of each column the values of the rows, then those of the background */
  values: usize;
  /** rows and background rows, both padded to even numbers by repetition; stride = both together */
  rows: i32;
  background: i32;
  columns: i32;
  /** (depth + 1) × u64[stride]: which of the features on the path turn each row away from it */
  masks: usize;
  /** i32[columns]: the slot of a feature that is on the path, or −1 */
  slotOf: usize;
  /** i32[64]: the feature of each slot */
  features: usize;
  /** f64[65 × 65]: (a − 1)! b! / (a + b)!, row a */
  weights: usize;
  /** f64[256 × 8] and u8[256]: answers by set of failing features, and whether they are known */
  memo: usize;
  known: usize;
  /** u64[background] and f64[background]: distinct masks of the background at a leaf, and how often they occur */
  distinct: usize;
  times: usize;
  /** i32[256]: where a mask stands in `distinct`, less one */
  where: usize;
  /** background rows that count (without padding) */
  backgroundCount: i32;
  /** f64[rows × columns] */
  out: usize;
}

/**
 * Add to `out` the interventional Shapley values of one tree (Lundberg et al. 2020), summed over the background.
 *
 * For a row x and a background row z, the value of a set S of features is the leaf that is reached with the features
 * of S from x and the others from z. Such a mixture reaches a leaf if no feature on its path turns away both x and z.
 * With a features that turn z away alone and b that turn x away alone, the leaf's value times
 * (a − 1)! b! / (a + b)! goes to each of the a, and less a! (b − 1)! / (a + b)! to each of the b.
 *
 * The way down is walked once for all rows together: each carries the mask of the features that turned it away.
 */
export function interventionalShap(shap: usize, root: i32): void {
  const s = changetype<Shap>(shap);
  memory.fill(s.masks, 0, <usize>(s.rows + s.background) << 3);
  memory.fill(s.slotOf, 0xff, <usize>s.columns << 2);
  descend(s, root, s.masks, 0);
}

function descend(s: Shap, node: i32, masks: usize, slots: i32): void {
  const feature = load<i32>(s.feature + (<usize>node << 2));
  const number = load<f64>(s.number + (<usize>node << 3));
  if (feature < 0) {
    settle(s, number, masks, slots);
    return;
  }
  const left = load<i32>(s.left + (<usize>node << 2)), at = s.slotOf + (<usize>feature << 2);
  let slot = load<i32>(at), slotsBelow = slots;
  if (slot < 0) {
    slot = slotsBelow++;
    store<i32>(at, slot);
    store<i32>(s.features + (<usize>slot << 2), feature);
  }
  const below = masks + (<usize>(s.rows + s.background) << 3);
  if (turn(s, feature, number, slot, masks, below, false)) descend(s, left, below, slotsBelow);
  if (turn(s, feature, number, slot, masks, below, true)) descend(s, left + 1, below, slotsBelow);
  if (slotsBelow > slots) store<i32>(at, -1);
}

/** Note who does not follow a turn. @returns whether any mixture can: no feature turns away everybody */
function turn(s: Shap, feature: i32, threshold: f64, slot: i32, masks: usize, below: usize, right: bool): bool {
  const stride = <usize>(s.rows + s.background) << 3;
  const values = s.values + <usize>feature * stride;
  const limit = f64x2.splat(threshold), bit = i64x2.splat((<i64>1) << slot);
  const flip = right ? i64x2.splat(0) : i64x2.splat(-1); // left: those not below the threshold fail
  let all = i64x2.splat(-1);
  for (let at: usize = 0; at < stride; at += 16) {
    const fails = v128.and(v128.xor(f64x2.lt(v128.load(values + at), limit), flip), bit);
    const mask = v128.or(v128.load(masks + at), fails);
    v128.store(below + at, mask);
    all = v128.and(all, mask);
  }
  return (i64x2.extract_lane(all, 0) & i64x2.extract_lane(all, 1)) == 0;
}

/** Give each row its share of a leaf. */
function settle(s: Shap, value: f64, masks: usize, slots: i32): void {
  const small = slots <= MEMO_SLOTS;
  const distinct = gather(s, masks + (<usize>s.rows << 3), small);
  if (small) memory.fill(s.known, 0, <usize>1 << slots);

  for (let row = 0; row < s.rows; row++) {
    const fails = load<u64>(masks + (<usize>row << 3));
    const answer = s.memo + (small ? <usize>fails << 6 : 0);
    if (!small || !load<u8>(s.known + <usize>fails)) {
      if (small) store<u8>(s.known + <usize>fails, 1);
      share(s, value, fails, distinct, slots, answer);
    }
    const out = s.out + <usize>(row * s.columns) * 8;
    for (let slot = 0; slot < slots; slot++) {
      const to = out + (<usize>load<i32>(s.features + (<usize>slot << 2)) << 3);
      store<f64>(to, load<f64>(to) + load<f64>(answer + (<usize>slot << 3)));
    }
  }
}

/** Bring the masks of the background together. @returns how many there are */
function gather(s: Shap, masks: usize, small: bool): i32 {
  let distinct = 0;
  if (small) memory.fill(s.where, 0, 256 << 2);
  for (let at = 0; at < s.backgroundCount; at++) {
    const fails = load<u64>(masks + (<usize>at << 3));
    const where = s.where + (small ? <usize>fails << 2 : 0);
    const index = small ? load<i32>(where) - 1 : -1;
    if (index >= 0) {
      const times = s.times + (<usize>index << 3);
      store<f64>(times, load<f64>(times) + 1);
      continue;
    }
    store<u64>(s.distinct + (<usize>distinct << 3), fails);
    store<f64>(s.times + (<usize>distinct << 3), 1);
    distinct++;
    if (small) store<i32>(where, distinct);
  }
  return distinct;
}

/** The answer for a row that the features in `fails` turn away: f64[slots]. */
function share(s: Shap, value: f64, fails: u64, distinct: i32, slots: i32, answer: usize): void {
  memory.fill(answer, 0, <usize>slots << 3);
  const b = <i32>popcnt(fails);
  let loss: f64 = 0;
  for (let at = 0; at < distinct; at++) {
    const others = load<u64>(s.distinct + (<usize>at << 3));
    if (fails & others) continue;
    const a = <i32>popcnt(others), weight = value * load<f64>(s.times + (<usize>at << 3));
    if (a > 0) {
      const gain = weight * load<f64>(s.weights + (<usize>(a * (MAX_SLOTS + 1) + b) << 3));
      for (let bits = others; bits; bits &= bits - 1) add(answer, <i32>ctz(bits), gain);
    }
    if (b > 0) loss += weight * load<f64>(s.weights + (<usize>(b * (MAX_SLOTS + 1) + a) << 3));
  }
  for (let bits = fails; bits; bits &= bits - 1) add(answer, <i32>ctz(bits), -loss);
}

// @ts-ignore: decorator
@inline
function add(column: usize, index: i32, value: f64): void {
  const at = column + (<usize>index << 3);
  store<f64>(at, load<f64>(at) + value);
}

/**
 * Add to `out` the path-dependent Shapley values of one tree for one row (TreeSHAP: Lundberg, Erion, Lee 2018,
 * algorithm 2; what XGBoost calls pred_contribs): a feature that is not known follows both ways, in the proportion of
 * the training rows that did.
 *
 * @param row     f64[columns]
 * @param cover   f64[nodes], training rows
 * @param scratch (depth + 2)(depth + 3) / 2 path elements of 32 bytes
 * @param out     f64[columns]
 */
export function pathShap(
  feature: usize, number: usize, left: usize, cover: usize, root: i32, row: usize, scratch: usize, out: usize,
): void {
  follow(feature, number, left, cover, root, row, scratch, 0, 1, 1, -1, out);
}

function follow(
  features: usize, numbers: usize, lefts: usize, cover: usize, node: i32, row: usize, path: usize, length: i32,
  zero: f64, one: f64, via: i32, out: usize,
): void {
  extend(path, length, zero, one, via);
  const feature = load<i32>(features + (<usize>node << 2));
  const number = load<f64>(numbers + (<usize>node << 3));
  if (feature < 0) {
    for (let at = 1; at <= length; at++) {
      const element = path + <usize>at * ELEMENT;
      const change = unwoundSum(path, length, at) * (load<f64>(element, 8) - load<f64>(element)) * number;
      add(out, load<i32>(element, 24), change);
    }
    return;
  }
  const left = load<i32>(lefts + (<usize>node << 2));
  const hot = load<f64>(row + (<usize>feature << 3)) < number ? left : left + 1, cold = 2 * left + 1 - hot;
  let last = length, zeroHere: f64 = 1, oneHere: f64 = 1;
  for (let at = 1; at <= length; at++) {
    const element = path + <usize>at * ELEMENT;
    if (load<i32>(element, 24) != feature) continue;
    zeroHere = load<f64>(element);
    oneHere = load<f64>(element, 8);
    unwind(path, last--, at);
    break;
  }
  const all = load<f64>(cover + (<usize>node << 3)), below = path + <usize>(last + 1) * ELEMENT;
  memory.copy(below, path, <usize>(last + 1) * ELEMENT);
  const hotShare = load<f64>(cover + (<usize>hot << 3)) / all, coldShare = load<f64>(cover + (<usize>cold << 3)) / all;
  follow(features, numbers, lefts, cover, hot, row, below, last + 1, zeroHere * hotShare, oneHere, feature, out);
  memory.copy(below, path, <usize>(last + 1) * ELEMENT);
  follow(features, numbers, lefts, cover, cold, row, below, last + 1, zeroHere * coldShare, 0, feature, out);
}

function extend(path: usize, length: i32, zero: f64, one: f64, feature: i32): void {
  const end = path + <usize>length * ELEMENT;
  store<f64>(end, zero);
  store<f64>(end, one, 8);
  store<f64>(end, length == 0 ? 1 : 0, 16);
  store<i32>(end, feature, 24);
  for (let at = length - 1; at >= 0; at--) {
    const here = path + <usize>at * ELEMENT, weight = load<f64>(here, 16) / <f64>(length + 1);
    store<f64>(here + ELEMENT, load<f64>(here, 16 + ELEMENT) + one * weight * <f64>(at + 1), 16);
    store<f64>(here, zero * weight * <f64>(length - at), 16);
  }
}

function unwind(path: usize, length: i32, index: i32): void {
  const element = path + <usize>index * ELEMENT;
  const zero = load<f64>(element), one = load<f64>(element, 8);
  let next = load<f64>(path + <usize>length * ELEMENT, 16);
  for (let at = length - 1; at >= 0; at--) {
    const here = path + <usize>at * ELEMENT, weight = load<f64>(here, 16);
    if (one != 0) {
      const mine = next * <f64>(length + 1) / (<f64>(at + 1) * one);
      store<f64>(here, mine, 16);
      next = weight - mine * zero * <f64>(length - at) / <f64>(length + 1);
    } else {
      store<f64>(here, weight * <f64>(length + 1) / (zero * <f64>(length - at)), 16);
    }
  }
  for (let at = index; at < length; at++) { // all but the weights moves up
    const here = path + <usize>at * ELEMENT, from = here + ELEMENT;
    store<f64>(here, load<f64>(from));
    store<f64>(here, load<f64>(from, 8), 8);
    store<i32>(here, load<i32>(from, 24), 24);
  }
}

function unwoundSum(path: usize, length: i32, index: i32): f64 {
  const element = path + <usize>index * ELEMENT;
  const zero = load<f64>(element), one = load<f64>(element, 8);
  let next = load<f64>(path + <usize>length * ELEMENT, 16), total: f64 = 0;
  for (let at = length - 1; at >= 0; at--) {
    const weight = load<f64>(path + <usize>at * ELEMENT, 16);
    if (one != 0) {
      const mine = next * <f64>(length + 1) / (<f64>(at + 1) * one);
      total += mine;
      next = weight - mine * zero * (<f64>(length - at) / <f64>(length + 1));
    } else {
      total += weight / zero / (<f64>(length - at) / <f64>(length + 1));
    }
  }
  return total;
}
