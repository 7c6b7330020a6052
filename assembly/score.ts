/**
 * Scoring of tree ensembles on codes: "a row in a register".
 *
 * A row is one register of 16 codes, or two, each code the number of thresholds of its feature that the value does not
 * stay below, less 128. A tree is cut into subtrees of four levels: 15 comparisons. One shuffle fetches the 15 codes,
 * one signed comparison answers all 15 questions, and a table maps the answers to one of 16 exits. A tree of up to
 * four levels is one such step, one of up to eight two, without a branch that depends on data.
 *
 *     step   u8[16] which code each comparison wants (heap order: root, its children, …), i8[16] the threshold;
 *            a code above it goes right; 127, which no code exceeds, in places that are not used
 *     tree   1 or 1 + 16 steps, then 16 or 256 leaves
 */

/** Rows that are scored tree by tree before the next: their codes and the tree stay in the first-level cache. */
const BLOCK: i32 = 512;

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
 * @param out     u8[count × stride], each row's codes side by side
 * @param bias    128 makes the codes signed; 0 leaves them as they are
 *
 * About 3 ns per value: eight searches run side by side.
 */
export function quantise(
  values: usize, count: i32, width: i32, slots: i32, columns: usize, cuts: usize, out: usize, stride: i32, bias: i32,
): void {
  const rowBytes = <usize>width << 3, step = <usize>stride;
  for (let slot = 0; slot < slots; slot++) {
    const at = columns + (<usize>slot << 2);
    const first = 1 << load<i32>(at + (<usize>slots << 2)) >> 1;
    const table = cuts + (<usize>slot << 11);
    let x = values + (<usize>load<i32>(at) << 3), to = out + slot;
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
 * @param exits  as `fillExits` writes them
 * @param trees  the trees, each behind the other; `offsets` u32[count of trees] where each begins, bit 0 set if it has
 *               two steps
 * @param codes  u8[rows × 16 or 32]; `registers` 1 or 2
 * @param rows   a multiple of 4 (the host pads)
 * @param sums   f32[rows], begins at the base score
 *
 * 10,000 rows and 100 trees of eight levels take about 2.3 ms with up to 16 features.
 */
export function scoreSingle(
  exits: usize, trees: usize, offsets: usize, treeCount: i32, codes: usize, registers: i32, rows: i32, sums: usize,
): void {
  score<f32>(exits, trees, offsets, treeCount, codes, registers, rows, sums);
}

/** As `scoreSingle` with f64 leaves and sums: for forests. */
export function scoreDouble(
  exits: usize, trees: usize, offsets: usize, treeCount: i32, codes: usize, registers: i32, rows: i32, sums: usize,
): void {
  score<f64>(exits, trees, offsets, treeCount, codes, registers, rows, sums);
}

// @ts-ignore: decorator
@inline
function score<T>(
  exits: usize, trees: usize, offsets: usize, treeCount: i32, codes: usize, registers: i32, rows: i32, sums: usize,
): void {
  for (let block = 0; block < rows; block += BLOCK) {
    const count = min(BLOCK, rows - block);
    const from = codes + (<usize>block << 4) * registers, to = sums + <usize>block * sizeof<T>();
    for (let tree = 0; tree < treeCount; tree++) {
      const offset = <usize>load<u32>(offsets + (<usize>tree << 2));
      const at = trees + (offset & ~1);
      if (registers == 1) {
        if (offset & 1) narrowTwo<T>(exits, at, from, count, to);
        else narrowOne<T>(exits, at, from, count, to);
      } else {
        if (offset & 1) wideTwo<T>(exits, at, from, count, to);
        else wideOne<T>(exits, at, from, count, to);
      }
    }
  }
}

function narrowOne<T>(exits: usize, tree: usize, codes: usize, count: i32, sums: usize): void {
  const which = v128.load(tree), threshold = v128.load(tree, 16), leaves = tree + 32;
  for (const end = codes + (<usize>count << 4); codes < end; codes += 64, sums += 4 * sizeof<T>()) {
    const e0 = exitOf(exits, v128.load(codes), which, threshold), e1 = exitOf(exits, v128.load(codes, 16), which, threshold);
    const e2 = exitOf(exits, v128.load(codes, 32), which, threshold), e3 = exitOf(exits, v128.load(codes, 48), which, threshold);
    addLeaves<T>(sums, leaves, e0, e1, e2, e3);
  }
}

function narrowTwo<T>(exits: usize, tree: usize, codes: usize, count: i32, sums: usize): void {
  const which = v128.load(tree), threshold = v128.load(tree, 16), below = tree + 32, leaves = tree + 544;
  for (const end = codes + (<usize>count << 4); codes < end; codes += 64, sums += 4 * sizeof<T>()) {
    const c0 = v128.load(codes), c1 = v128.load(codes, 16), c2 = v128.load(codes, 32), c3 = v128.load(codes, 48);
    const e0 = exitOf(exits, c0, which, threshold) << 5, e1 = exitOf(exits, c1, which, threshold) << 5;
    const e2 = exitOf(exits, c2, which, threshold) << 5, e3 = exitOf(exits, c3, which, threshold) << 5;
    const s0 = below + e0, s1 = below + e1, s2 = below + e2, s3 = below + e3;
    addLeaves<T>(
      sums, leaves,
      e0 >> 1 | exitOf(exits, c0, v128.load(s0), v128.load(s0, 16)), e1 >> 1 | exitOf(exits, c1, v128.load(s1), v128.load(s1, 16)),
      e2 >> 1 | exitOf(exits, c2, v128.load(s2), v128.load(s2, 16)), e3 >> 1 | exitOf(exits, c3, v128.load(s3), v128.load(s3, 16)),
    );
  }
}

function wideOne<T>(exits: usize, tree: usize, codes: usize, count: i32, sums: usize): void {
  const leaves = tree + 32;
  for (const end = codes + (<usize>count << 5); codes < end; codes += 128, sums += 4 * sizeof<T>()) {
    const e0 = wideExit(exits, codes, tree), e1 = wideExit(exits, codes + 32, tree);
    const e2 = wideExit(exits, codes + 64, tree), e3 = wideExit(exits, codes + 96, tree);
    addLeaves<T>(sums, leaves, e0, e1, e2, e3);
  }
}

function wideTwo<T>(exits: usize, tree: usize, codes: usize, count: i32, sums: usize): void {
  const below = tree + 32, leaves = tree + 544;
  for (const end = codes + (<usize>count << 5); codes < end; codes += 128, sums += 4 * sizeof<T>()) {
    const e0 = wideExit(exits, codes, tree), e1 = wideExit(exits, codes + 32, tree);
    const e2 = wideExit(exits, codes + 64, tree), e3 = wideExit(exits, codes + 96, tree);
    addLeaves<T>(
      sums, leaves,
      e0 << 4 | wideExit(exits, codes, below + (e0 << 5)), e1 << 4 | wideExit(exits, codes + 32, below + (e1 << 5)),
      e2 << 4 | wideExit(exits, codes + 64, below + (e2 << 5)), e3 << 4 | wideExit(exits, codes + 96, below + (e3 << 5)),
    );
  }
}

// @ts-ignore: decorator
@inline
function exitOf(exits: usize, codes: v128, which: v128, threshold: v128): usize {
  return <usize>load<u8>(exits + <usize>i8x16.bitmask(i8x16.gt_s(i8x16.swizzle(codes, which), threshold)));
}

/** As `exitOf` for 32 codes: a shuffle gives 0 where it is asked for a code that is not in its register. */
// @ts-ignore: decorator
@inline
function wideExit(exits: usize, codes: usize, step: usize): usize {
  const which = v128.load(step);
  const low = i8x16.swizzle(v128.load(codes), which);
  const high = i8x16.swizzle(v128.load(codes, 16), i8x16.sub(which, i8x16.splat(16)));
  return <usize>load<u8>(exits + <usize>i8x16.bitmask(i8x16.gt_s(v128.or(low, high), v128.load(step, 16))));
}

// @ts-ignore: decorator
@inline
function addLeaves<T>(sums: usize, leaves: usize, l0: usize, l1: usize, l2: usize, l3: usize): void {
  store<T>(sums, load<T>(sums) + load<T>(leaves + l0 * sizeof<T>()));
  store<T>(sums, load<T>(sums, sizeof<T>()) + load<T>(leaves + l1 * sizeof<T>()), sizeof<T>());
  store<T>(sums, load<T>(sums, 2 * sizeof<T>()) + load<T>(leaves + l2 * sizeof<T>()), 2 * sizeof<T>());
  store<T>(sums, load<T>(sums, 3 * sizeof<T>()) + load<T>(leaves + l3 * sizeof<T>()), 3 * sizeof<T>());
}
