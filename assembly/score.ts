/**
 * Scoring of tree ensembles on codes.
 *
 * The code of a value is the number of thresholds of its feature that it does not stay below, less 128. A tree of up to
 * eight levels is cut in two. Its upper levels are walked by 16 rows at once: a register holds their codes of one
 * feature, and every comparison is made for all of them. Its lower levels are walked row by row: a register holds all
 * codes of the row, one shuffle fetches those that the subtree asks for, one comparison answers all its questions, and
 * a table maps the answers to a leaf. Neither has a branch that depends on data.
 *
 *     step     u8[16] which code each comparison wants (heap order: root, its children, …), i8[16] the threshold;
 *              a code above it goes right; 127, which no code exceeds, in places that are not used
 *     tree     up to 4 levels: a step, then 16 leaves; 6: a step of 3, then 8 times a step of 3 and 8 leaves;
 *              8: a step of 4, then 16 times a step of 4 and 16 leaves
 *     leaves   f32 or f64; those of 16 bare f32 byte by byte: the first byte of all, the second of all, …
 *
 * All trees of a forest have the form of its deepest.
 */

/** Rows that are scored at a time: all that is known of them stays in the first-level cache. */
const BLOCK: i32 = 512;
/** Trees that a row walks at a time. */
const TOGETHER: i32 = 4;

/** The host writes it: src/models/forest-scorer.ts. */
@unmanaged
class Scorer {
  /** u8[32768], as `fillExits` writes them */
  exits: usize;
  trees: usize;
  /** a multiple of four where trees have more than four levels */
  treeCount: i32;
  /** 4, 6 or 8 */
  levels: i32;
  /** f64[rows × columns], row-major */
  values: usize;
  columns: i32;
  /** features that are compared, at most 32 */
  slots: i32;
  /** i32[slots], i32[slots] and f64[slots × 256], see `quantise` */
  reading: usize;
  cuts: usize;
  /** u8[32 × 512]: the codes of each slot */
  planes: usize;
  /** u8[512 × 32]: the codes of each row, 16 or 32 of them */
  codes: usize;
  /** u8[4 × 512]: where rows leave the upper levels */
  places: usize;
  /** u8[512], scratch */
  turned: usize;
  /** f32 or f64 [rows], begins at the base score */
  sums: usize;
}

/** Fill u8[32768]: where each pattern of 15 answers leads. The pattern has bit i set if comparison i goes right. */
export function fillExits(table: usize): void {
  for (let answers = 0; answers < 32768; answers++) {
    let at = 0;
    for (let level = 0; level < 4; level++) at = 2 * at + 1 + (answers >> at & 1);
    store<u8>(table + answers, <u8>(at - 15));
  }
}

/**
 * The code of each value: how many cuts of its feature it does not stay below (NaN stays below none).
 *
 * @param values  f64[count × columns], row-major
 * @param slots   features to code
 * @param columns i32[slots] which column each reads, then i32[slots] levels: the search takes that many steps
 * @param cuts    f64[slots × 256], ascending, padded with +∞
 * @param out     u8, the code of a row and a slot at row × rowStep + slot × slotStep
 * @param bias    128 makes the codes signed; 0 leaves them as they are
 *
 * About 3 ns per value: eight searches run side by side.
 */
export function quantise(
  values: usize, count: i32, width: i32, slots: i32, columns: usize, cuts: usize, out: usize, rowStep: i32,
  slotStep: i32, bias: i32,
): void {
  const rowBytes = <usize>width << 3, step = <usize>rowStep;
  for (let slot = 0; slot < slots; slot++) {
    const at = columns + (<usize>slot << 2);
    const first = 1 << load<i32>(at + (<usize>slots << 2)) >> 1;
    const table = cuts + (<usize>slot << 11);
    let x = values + (<usize>load<i32>(at) << 3), to = out + <usize>slot * slotStep;
    let row = 0;
    for (; row + 8 <= count; row += 8) {
      const x4 = x + 4 * rowBytes, to4 = to + 4 * step;
      const v0 = load<f64>(x), v1 = load<f64>(x + rowBytes), v2 = load<f64>(x + 2 * rowBytes), v3 = load<f64>(x + 3 * rowBytes);
      const v4 = load<f64>(x4), v5 = load<f64>(x4 + rowBytes), v6 = load<f64>(x4 + 2 * rowBytes), v7 = load<f64>(x4 + 3 * rowBytes);
      let p0 = table, p1 = table, p2 = table, p3 = table, p4 = table, p5 = table, p6 = table, p7 = table;
      for (let half = <usize>first << 3; half >= 8; half >>= 1) {
        p0 = passed(p0, half, v0);
        p1 = passed(p1, half, v1);
        p2 = passed(p2, half, v2);
        p3 = passed(p3, half, v3);
        p4 = passed(p4, half, v4);
        p5 = passed(p5, half, v5);
        p6 = passed(p6, half, v6);
        p7 = passed(p7, half, v7);
      }
      store<u8>(to, (p0 - table >> 3) ^ bias);
      store<u8>(to + step, (p1 - table >> 3) ^ bias);
      store<u8>(to + 2 * step, (p2 - table >> 3) ^ bias);
      store<u8>(to + 3 * step, (p3 - table >> 3) ^ bias);
      store<u8>(to4, (p4 - table >> 3) ^ bias);
      store<u8>(to4 + step, (p5 - table >> 3) ^ bias);
      store<u8>(to4 + 2 * step, (p6 - table >> 3) ^ bias);
      store<u8>(to4 + 3 * step, (p7 - table >> 3) ^ bias);
      x += 8 * rowBytes;
      to += 8 * step;
    }
    for (; row < count; row++, x += rowBytes, to += step) {
      const cell = load<f64>(x);
      let p = table;
      for (let half = <usize>first << 3; half >= 8; half >>= 1) p = passed(p, half, cell);
      store<u8>(to, (p - table >> 3) ^ bias);
    }
  }
}

/** The next place of a search: `half` further where the value does not stay below what comes before. */
// @ts-ignore: decorator
@inline
function passed(at: usize, half: usize, value: f64): usize {
  const next = at + half;
  return value < load<f64>(next - 8) ? at : next;
}

/**
 * Add the leaf of every tree to each row's sum, in the order of the trees: f32 leaves and sums, as XGBoost adds them.
 *
 * @param rows a multiple of 16 (the host pads)
 *
 * 10,000 rows and 200 trees of six levels take about 3 ms with up to 16 features.
 */
export function scoreSingle(scorer: usize, rows: i32): void {
  score<f32>(changetype<Scorer>(scorer), rows);
}

/** As `scoreSingle` with f64 leaves and sums: for forests. */
export function scoreDouble(scorer: usize, rows: i32): void {
  score<f64>(changetype<Scorer>(scorer), rows);
}

// @ts-ignore: decorator
@inline
function score<T>(s: Scorer, rows: i32): void {
  const wide = s.slots > 16;
  for (let block = 0; block < rows; block += BLOCK) {
    const count = min(BLOCK, rows - block), sums = s.sums + <usize>block * sizeof<T>();
    const values = s.values + (<usize>block * s.columns << 3);
    quantise(values, count, s.columns, s.slots, s.reading, s.cuts, s.planes, 1, BLOCK, 128);
    if (s.levels == 4) {
      scoreShallow<T>(s, count, sums);
      continue;
    }
    turn(s, count, 0, wide ? 32 : 16);
    if (wide) turn(s, count, 16, 32);
    if (s.levels == 6) {
      if (wide) scoreSixWide<T>(s, count, sums);
      else scoreSix<T>(s, count, sums);
    } else {
      if (wide) scoreEightWide<T>(s, count, sums);
      else scoreEight<T>(s, count, sums);
    }
  }
}

/** Bring the codes of rows side by side that stand side by side by slot. */
function turn(s: Scorer, count: i32, slot: usize, rowBytes: usize): void {
  const one = s.turned, other = one + 256;
  for (let row = 0; row < count; row += 16) {
    interleave(s.planes + slot * BLOCK + row, BLOCK, one, 16);
    interleave(one, 16, other, 16);
    interleave(other, 16, one, 16);
    interleave(one, 16, s.codes + <usize>row * rowBytes + slot, rowBytes);
  }
}

/** A quarter of the way to transpose 16 registers. */
// @ts-ignore: decorator
@inline
function interleave(from: usize, fromStep: usize, to: usize, toStep: usize): void {
  for (let i: usize = 0; i < 8; i++, from += fromStep, to += 2 * toStep) {
    const x = v128.load(from), y = v128.load(from + 8 * fromStep);
    v128.store(to, lowBytes(x, y));
    v128.store(to + toStep, highBytes(x, y));
  }
}

// @ts-ignore: decorator
@inline
function lowBytes(x: v128, y: v128): v128 {
  return v128.shuffle<i8>(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function highBytes(x: v128, y: v128): v128 {
  return v128.shuffle<i8>(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/** Three levels below comparison `root` of a step, 16 rows at a time. @param to u8[count], 0…7: where each row leaves */
function walkThree(step: usize, root: usize, planes: usize, count: i32, to: usize): void {
  const left = root + root + 1, lower = left + left + 1;
  let p0 = planeOf(planes, step + root), p1 = planeOf(planes, step + left), p2 = planeOf(planes, step + left + 1);
  let p3 = planeOf(planes, step + lower), p4 = planeOf(planes, step + lower + 1);
  let p5 = planeOf(planes, step + lower + 2), p6 = planeOf(planes, step + lower + 3);
  const t0 = v128.load8_splat(step + root, 16), t1 = v128.load8_splat(step + left, 16), t2 = v128.load8_splat(step + left, 17);
  const t3 = v128.load8_splat(step + lower, 16), t4 = v128.load8_splat(step + lower, 17);
  const t5 = v128.load8_splat(step + lower, 18), t6 = v128.load8_splat(step + lower, 19);
  const one = i8x16.splat(1), two = i8x16.splat(2), four = i8x16.splat(4);
  for (const end = to + count; to < end; to += 16) {
    const m0 = above(p0, t0), m1 = above(p1, t1), m2 = above(p2, t2);
    const first = choose(above(p4, t4), above(p3, t3), m1), second = choose(above(p6, t6), above(p5, t5), m2);
    const middle = v128.and(choose(m2, m1, m0), two), last = v128.and(choose(second, first, m0), one);
    v128.store(to, v128.or(v128.and(m0, four), v128.or(middle, last)));
    p0 += 16; p1 += 16; p2 += 16; p3 += 16; p4 += 16; p5 += 16; p6 += 16;
  }
}

/** Four levels. @param to u8[2 × 512], the first 512 become 0…15: where each row leaves */
// @ts-ignore: decorator
@inline
function walkFour(step: usize, planes: usize, count: i32, to: usize): void {
  walkThree(step, 1, planes, count, to);
  walkThree(step, 2, planes, count, to + BLOCK);
  const threshold = v128.load8_splat(step, 16), eight = i8x16.splat(8);
  let plane = planeOf(planes, step);
  for (const end = to + count; to < end; to += 16, plane += 16) {
    v128.store(to, choose(v128.or(v128.load(to, BLOCK), eight), v128.load(to), above(plane, threshold)));
  }
}

/** Where the codes stand that a comparison wants. */
// @ts-ignore: decorator
@inline
function planeOf(planes: usize, which: usize): usize {
  return planes + <usize>load<u8>(which) * BLOCK;
}

// @ts-ignore: decorator
@inline
function above(codes: usize, threshold: v128): v128 {
  return i8x16.gt_s(v128.load(codes), threshold);
}

/** By masks of whole bytes, for which the relaxed instruction has one meaning. */
// @ts-ignore: decorator
@inline
function choose(yes: v128, no: v128, mask: v128): v128 {
  return v128.relaxed_laneselect<i8>(yes, no, mask);
}

// @ts-ignore: decorator
@inline
function scoreShallow<T>(s: Scorer, count: i32, sums: usize): void {
  let tree = s.trees;
  for (let t = 0; t < s.treeCount; t++, tree += 32 + 16 * sizeof<T>()) {
    walkFour(tree, s.planes, count, s.places);
    if (sizeof<T>() == 4) addSingles(tree + 32, s.places, count, sums);
    else addDoubles(tree + 32, s.places, count, sums);
  }
}

/** Leaves are fetched byte by byte for 16 rows. */
function addSingles(leaves: usize, places: usize, count: i32, sums: usize): void {
  const l0 = v128.load(leaves), l1 = v128.load(leaves, 16), l2 = v128.load(leaves, 32), l3 = v128.load(leaves, 48);
  for (const end = places + count; places < end; places += 16, sums += 64) {
    const at = v128.load(places);
    const b0 = i8x16.relaxed_swizzle(l0, at), b1 = i8x16.relaxed_swizzle(l1, at);
    const b2 = i8x16.relaxed_swizzle(l2, at), b3 = i8x16.relaxed_swizzle(l3, at);
    const low = lowBytes(b0, b1), lowUpper = lowBytes(b2, b3), high = highBytes(b0, b1), highUpper = highBytes(b2, b3);
    v128.store(sums, f32x4.add(v128.load(sums), v128.shuffle<i16>(low, lowUpper, 0, 8, 1, 9, 2, 10, 3, 11)));
    v128.store(sums, f32x4.add(v128.load(sums, 16), v128.shuffle<i16>(low, lowUpper, 4, 12, 5, 13, 6, 14, 7, 15)), 16);
    v128.store(sums, f32x4.add(v128.load(sums, 32), v128.shuffle<i16>(high, highUpper, 0, 8, 1, 9, 2, 10, 3, 11)), 32);
    v128.store(sums, f32x4.add(v128.load(sums, 48), v128.shuffle<i16>(high, highUpper, 4, 12, 5, 13, 6, 14, 7, 15)), 48);
  }
}

function addDoubles(leaves: usize, places: usize, count: i32, sums: usize): void {
  for (const end = places + count; places < end; places++, sums += 8) {
    store<f64>(sums, load<f64>(sums) + load<f64>(leaves + (<usize>load<u8>(places) << 3)));
  }
}

// Functions of their own: in one of them the compiler would fold their loops into one that asks each time.
function scoreSix<T>(s: Scorer, count: i32, sums: usize): void {
  scoreDeep<T>(s, count, sums, 3, false);
}

function scoreSixWide<T>(s: Scorer, count: i32, sums: usize): void {
  scoreDeep<T>(s, count, sums, 3, true);
}

function scoreEight<T>(s: Scorer, count: i32, sums: usize): void {
  scoreDeep<T>(s, count, sums, 4, false);
}

function scoreEightWide<T>(s: Scorer, count: i32, sums: usize): void {
  scoreDeep<T>(s, count, sums, 4, true);
}

/** `half` levels above, `half` below, four trees at a time. */
// @ts-ignore: decorator
@inline
function scoreDeep<T>(s: Scorer, count: i32, sums: usize, half: i32, wide: bool): void {
  const parts: usize = half == 3 ? 8 : 16, lower: usize = 32 + parts * sizeof<T>(), treeBytes: usize = 32 + parts * lower;
  const exits = s.exits;
  let tree = s.trees;
  for (let t = 0; t < s.treeCount; t += TOGETHER) {
    for (let i = 0; i < TOGETHER; i++) {
      const to = s.places + <usize>i * BLOCK, step = tree + <usize>i * treeBytes;
      if (half == 3) walkThree(step, 0, s.planes, count, to);
      else walkFour(step, s.planes, count, to);
    }
    const t0 = tree + 32, t1 = t0 + treeBytes, t2 = t1 + treeBytes, t3 = t2 + treeBytes;
    let codes = s.codes, sum = sums, at = s.places;
    for (const end = at + count; at < end; at++, codes += wide ? 32 : 16, sum += sizeof<T>()) {
      const low = v128.load(codes), high = wide ? v128.load(codes, 16) : low;
      const l0 = leafOf<T>(exits, low, high, t0 + <usize>load<u8>(at) * lower, half, wide);
      const l1 = leafOf<T>(exits, low, high, t1 + <usize>load<u8>(at, BLOCK) * lower, half, wide);
      const l2 = leafOf<T>(exits, low, high, t2 + <usize>load<u8>(at, 2 * BLOCK) * lower, half, wide);
      const l3 = leafOf<T>(exits, low, high, t3 + <usize>load<u8>(at, 3 * BLOCK) * lower, half, wide);
      store<T>(sum, load<T>(sum) + l0 + l1 + l2 + l3);
    }
    tree += <usize>TOGETHER * treeBytes;
  }
}

/** The leaf that a row reaches in a lower part. Three levels use the table of four as if all went left in the last. */
// @ts-ignore: decorator
@inline
function leafOf<T>(exits: usize, low: v128, high: v128, step: usize, half: i32, wide: bool): T {
  const which = v128.load(step);
  let wanted: v128;
  if (wide) { // a shuffle gives 0 where it is asked for a code that is not in its register
    wanted = v128.or(i8x16.swizzle(low, which), i8x16.swizzle(high, i8x16.sub(which, i8x16.splat(16))));
  } else {
    wanted = i8x16.relaxed_swizzle(low, which); // never is
  }
  const answers = <usize>i8x16.bitmask(i8x16.gt_s(wanted, v128.load(step, 16)));
  const exit = <usize>load<u8>(exits + answers);
  return load<T>(step + (half == 3 ? exit * (sizeof<T>() >> 1) : exit * sizeof<T>()), 32);
}
