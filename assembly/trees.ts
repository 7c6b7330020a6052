/**
 * Scoring of regression forests.
 *
 * A forest is three columns with one entry per node, and the index of every tree's root. The children of a node
 * stand side by side: `left`, then right.
 *
 *   inner node   feature = column of the row,  number = threshold,  left = its left child
 *   leaf         feature = −1,                 number = value,      left = its own index − 1
 *
 * A row goes left if x < threshold, right otherwise. Each row has a NaN cell in front of its first column: it is
 * what a leaf compares, NaN < value is false, so the walk goes "right", which is the leaf itself. The walk thus
 * needs no branch on the kind of node, and eight rows can walk side by side until none of them moves any more.
 */

/** Rows that walk a tree before the next tree is taken up: rows stream past, a large tree is read from afar once. */
const BLOCK: i32 = 8192;

/**
 * Add up the leaves that each row reaches.
 *
 * @param feature, number, left  i32, f64, i32 [nodes], as above (the host has checked that the indices are in range)
 * @param roots   i32[trees]
 * @param rows    f64[count × (columns + 1)], each row behind its NaN cell
 * @param count   rows, a multiple of 8 (the host pads)
 * @param single  1: leaves and sums are f32, as XGBoost adds them
 * @param out     f64[count], the sum over the trees in the order of `roots`, so that the bits are those of a plain loop;
 *                begins at what it holds
 *
 * About 10 ns per row and tree of depth 15: the walk is a chain of loads, and eight chains hide each other's wait.
 */
export function sumLeaves(
  feature: usize, number: usize, left: usize, roots: usize, trees: i32,
  rows: usize, count: i32, columns: i32, single: i32, out: usize,
): void {
  const stride = (<usize>columns + 1) << 3;

  for (let block = 0; block < count; block += BLOCK) {
    const end = min(block + BLOCK, count);

    for (let tree = 0; tree < trees; tree++) {
      const root = <usize>load<i32>(roots + (<usize>tree << 2));

      for (let row = block; row < end; row += 8) {
        const x0 = rows + <usize>row * stride + 8; // behind the NaN cell
        const x1 = x0 + stride, x2 = x1 + stride, x3 = x2 + stride;
        const x4 = x3 + stride, x5 = x4 + stride, x6 = x5 + stride, x7 = x6 + stride;
        let n0 = root, n1 = root, n2 = root, n3 = root, n4 = root, n5 = root, n6 = root, n7 = root;

        for (let moved: usize = 1; moved; ) {
          const m0 = next(feature, number, left, n0, x0), m1 = next(feature, number, left, n1, x1);
          const m2 = next(feature, number, left, n2, x2), m3 = next(feature, number, left, n3, x3);
          const m4 = next(feature, number, left, n4, x4), m5 = next(feature, number, left, n5, x5);
          const m6 = next(feature, number, left, n6, x6), m7 = next(feature, number, left, n7, x7);
          moved = (m0 ^ n0) | (m1 ^ n1) | (m2 ^ n2) | (m3 ^ n3) | (m4 ^ n4) | (m5 ^ n5) | (m6 ^ n6) | (m7 ^ n7);
          n0 = m0; n1 = m1; n2 = m2; n3 = m3; n4 = m4; n5 = m5; n6 = m6; n7 = m7;
        }

        const sum = out + (<usize>row << 3);
        add(sum, load<f64>(number + (n0 << 3)), single);
        add(sum + 8, load<f64>(number + (n1 << 3)), single);
        add(sum + 16, load<f64>(number + (n2 << 3)), single);
        add(sum + 24, load<f64>(number + (n3 << 3)), single);
        add(sum + 32, load<f64>(number + (n4 << 3)), single);
        add(sum + 40, load<f64>(number + (n5 << 3)), single);
        add(sum + 48, load<f64>(number + (n6 << 3)), single);
        add(sum + 56, load<f64>(number + (n7 << 3)), single);
      }
    }
  }
}

/** One step down the tree for the row whose first column is at `x`. */
// @ts-ignore: decorator
@inline
function next(feature: usize, number: usize, left: usize, node: usize, x: usize): usize {
  const cell = load<f64>(x + (<usize>load<i32>(feature + (node << 2)) << 3));
  return <usize>load<i32>(left + (node << 2)) + <usize>!(cell < load<f64>(number + (node << 3)));
}

/** An f64 sum of two f32 numbers, rounded, is their f32 sum. */
// @ts-ignore: decorator
@inline
function add(sum: usize, leaf: f64, single: i32): void {
  const total = load<f64>(sum) + leaf;
  store<f64>(sum, single ? <f64><f32>total : total);
}
