/** One tree of a random forest; which trees, and in which thread, is the host's business. */
import { powerOfTwoBelow } from "./boosting";
import { countOf, Growth, valueOf } from "./histogram";
import { growTree, leafOf, nodeAt } from "./grow";
import { randomBelow, seedRandom } from "./random";

/** The host writes it: src/models/histogram-forest.ts. */
@unmanaged
class Forest {
  growth: usize;
  rows: i32;
  seed: i32;
  /** 1: each tree learns from as many rows as there are, drawn with replacement; 0: from all */
  bootstrap: i32;
  /** f64[rows], less its mean */
  target: usize;
  /** i32[rows], how often the tree was given each row */
  times: usize;
  /** f64[rows] and i32[rows]: predictions of the trees that have not seen the row, added up and counted */
  outOfBagSum: usize;
  outOfBagCount: usize;
  /** the mean of the target */
  mean: f64;
}

/**
 * Grow a tree (Breiman 2001; with `randomCuts` Geurts et al. 2006) and let it predict the rows it was not given.
 *
 * A tree depends on the seed and its own number alone, so it is the same in whatever company it grows.
 *
 * @returns nodes of the tree, to be fetched with `emitTree`
 */
export function growForestTree(forest: usize, tree: i32): i32 {
  const f = changetype<Forest>(forest), g = changetype<Growth>(f.growth);
  seedRandom(f.seed, tree);
  drawTimes(f);
  const scale = powerOfTwoBelow(<f64>f.rows * largest(f)); // no draw can exceed it
  const count = packRows(f, g, scale);
  growTree(g, count);

  for (let index = 0; index < g.nodeCount; index++) {
    const node = nodeAt(g, index);
    if (!node.left) node.value = f.mean + valueOf(node.total) / (<f64>countOf(node.total) * scale);
  }
  for (let row = 0; row < f.rows; row++) {
    if (load<i32>(f.times + (<usize>row << 2))) continue;
    const sum = f.outOfBagSum + (<usize>row << 3), seen = f.outOfBagCount + (<usize>row << 2);
    store<f64>(sum, load<f64>(sum) + leafOf(g, row).value);
    store<i32>(seen, load<i32>(seen) + 1);
  }
  return g.nodeCount;
}

function drawTimes(f: Forest): void {
  for (let row = 0; row < f.rows; row++) store<i32>(f.times + (<usize>row << 2), f.bootstrap ? 0 : 1);
  if (!f.bootstrap) return;
  for (let draw = 0; draw < f.rows; draw++) {
    const at = f.times + (<usize>randomBelow(f.rows) << 2);
    store<i32>(at, load<i32>(at) + 1);
  }
}

function largest(f: Forest): f64 {
  let most: f64 = 0;
  for (let row = 0; row < f.rows; row++) most = max(most, abs(load<f64>(f.target + (<usize>row << 3))));
  return most;
}

/** @returns distinct rows of the tree */
function packRows(f: Forest, g: Growth, scale: f64): i32 {
  let count = 0;
  for (let row = 0; row < f.rows; row++) {
    const times = load<i32>(f.times + (<usize>row << 2));
    if (!times) continue;
    const value = (<i64>nearest(load<f64>(f.target + (<usize>row << 3)) * scale) << 20) + 1;
    store<i64>(g.packed + (<usize>row << 3), value * times);
    store<i32>(g.rows + (<usize>(count++) << 2), row);
  }
  return count;
}
