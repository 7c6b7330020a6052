/**
 * Growing one regression tree, depth first, on codes. Boosting, forests and extra trees differ in what they ask of it.
 */
import {
  accumulate, beginSearch, bestCut, bestFeature, bestLeft, bestScore, countOf, Growth, scanHistogram, scoreCut, setCut,
  subtract, valueOf,
} from "./histogram";
import { randomBelow, randomFloat } from "./random";
import { searchHistograms, searchSorted } from "./sketch";
import { MAX_SMALL, scanSorted, sortSmall } from "./sorted";

/** A node while its tree grows. The children of a node stand side by side behind it; in a leaf `left` is 0. */
@unmanaged
export class Node {
  /** what reached it, packed */
  total: i64;
  /** of a leaf; set by those who know what the sums mean */
  value: f64;
  feature: i32;
  /** codes ≤ cut go left */
  cut: i32;
  left: i32;
  /** its part of the rows of the tree */
  start: i32;
  end: i32;
  padding: i32;
}

// @ts-ignore: decorator
@inline
export function nodeAt(g: Growth, index: i32): Node {
  return changetype<Node>(g.nodes + <usize>index * offsetof<Node>());
}

/** Grow a tree over the first `count` entries of `rows`. */
export function growTree(g: Growth, count: i32): void {
  let total: i64 = 0;
  for (let at = 0; at < count; at++) {
    total += load<i64>(g.packed + (<usize>load<i32>(g.rows + (<usize>at << 2)) << 3));
  }
  g.nodeCount = 1;
  g.histogramBytes = 0;
  for (let pair = 0; pair < g.pairs; pair++) g.histogramBytes += load<i32>(g.bins + (<usize>pair << 2)) << 4;
  place(g, 0, total, 0, count);
  let histogram: usize = 0;
  if (canSplit(g, total, 0) && count > MAX_SMALL && !g.randomCuts) {
    histogram = g.histograms;
    accumulate(g, 0, count, histogram);
  }
  split(g, 0, 0, histogram);
}

/**
 * Split a node and all below it.
 *
 * @param histogram of the node's rows, or 0 for a node that is to be searched without; it may be overwritten
 */
function split(g: Growth, index: i32, depth: i32, histogram: usize): void {
  const node = nodeAt(g, index);
  const total = node.total, start = node.start, end = node.end;
  if (!canSplit(g, total, depth)) return;

  // Not splitting scores as much as the node alone; what rounding of the fixed-point values may add does not count.
  const alone = valueOf(total) * valueOf(total) / (<f64>countOf(total) + g.lambda);
  beginSearch(alone * (1 + 1e-12) + <f64>countOf(total));
  search(g, node, histogram);
  if (bestFeature < 0) return;

  const gain = bestScore - alone, right = total - bestLeft;
  const left = g.nodeCount;
  g.nodeCount += 2;
  node.feature = bestFeature;
  node.left = left;
  node.cut = bestCut;
  const middle = partition(g, node);
  place(g, left, bestLeft, start, middle);
  place(g, left + 1, right, middle, end);

  const depthBelow = depth + 1;
  const wantsLeft = histogram != 0 && middle - start > MAX_SMALL && canSplit(g, nodeAt(g, left).total, depthBelow);
  const wantsRight = histogram != 0 && end - middle > MAX_SMALL && canSplit(g, right, depthBelow);
  let leftHistogram: usize = 0, rightHistogram: usize = 0;
  if (wantsLeft || wantsRight) {
    const fresh = g.histograms + <usize>depthBelow * <usize>g.histogramStride;
    const smallerIsLeft = middle - start <= end - middle;
    if (smallerIsLeft) accumulate(g, start, middle, fresh);
    else accumulate(g, middle, end, fresh);
    subtract(histogram, fresh, g.histogramBytes);
    if (wantsLeft) leftHistogram = smallerIsLeft ? fresh : histogram;
    if (wantsRight) rightHistogram = smallerIsLeft ? histogram : fresh;
  }
  split(g, left, depthBelow, leftHistogram);
  split(g, left + 1, depthBelow, rightHistogram);

  if (gain < g.minGain && nodeAt(g, left).left == 0 && nodeAt(g, left + 1).left == 0) { // prune from below
    nodeAt(g, index).left = 0;
    g.nodeCount = left;
  }
}

// @ts-ignore: decorator
@inline
function canSplit(g: Growth, total: i64, depth: i32): bool {
  return depth < g.maxDepth && countOf(total) >= g.minSplit;
}

function place(g: Growth, index: i32, total: i64, start: i32, end: i32): void {
  const node = nodeAt(g, index);
  node.total = total;
  node.left = 0;
  node.start = start;
  node.end = end;
}

/** All features, or a draw of them and then the others one by one until some cut is found, as scikit-learn does. */
function search(g: Growth, node: Node, histogram: usize): void {
  const features = g.features, wanted = g.featuresPerNode;
  if (!histogram && !g.randomCuts) sortSmall(g, node.start, node.end);
  if (wanted >= features) {
    if (histogram) {
      searchHistograms(g, histogram, node.total);
      return;
    }
    if (g.randomCuts) for (let feature = 0; feature < features; feature++) randomCut(g, node, feature);
    else searchSorted(g, node.start, node.end, node.total);
    return;
  }
  const drawn = g.drawn;
  for (let feature = 0; feature < features; feature++) store<i32>(drawn + (<usize>feature << 2), feature);
  for (let at = 0; at < features && (at < wanted || bestFeature < 0); at++) {
    const other = drawn + (<usize>(at + randomBelow(features - at)) << 2), here = drawn + (<usize>at << 2);
    const feature = load<i32>(other);
    store<i32>(other, load<i32>(here));
    searchFeature(g, node, histogram, feature);
  }
}

function searchFeature(g: Growth, node: Node, histogram: usize, feature: i32): void {
  if (g.randomCuts) randomCut(g, node, feature);
  else if (histogram) scanHistogram(g, histogram, feature, node.total);
  else scanSorted(g, node.start, node.end, feature, node.total);
}

/** A cut drawn uniformly between the smallest and the largest value of the node: in value space, not among the bins. */
function randomCut(g: Growth, node: Node, feature: i32): void {
  const codes = g.codes + feature, width = <usize>g.width;
  const from = g.rows + (<usize>node.start << 2), to = g.rows + (<usize>node.end << 2);
  let low: u32 = 255, high: u32 = 0;
  for (let at = from; at < to; at += 4) {
    const code = <u32>load<u8>(codes + <usize>load<i32>(at) * width);
    low = min(low, code);
    high = max(high, code);
  }
  if (low >= high) return;

  const slot = <usize>load<i32>(g.slots + (<usize>feature << 2));
  const ranges = g.ranges + (slot << 12), cuts = g.cuts + (slot << 11);
  const smallest = load<f64>(ranges + (<usize>low << 4)), largest = load<f64>(ranges + (<usize>high << 4), 8);
  const threshold = smallest + randomFloat() * (largest - smallest);
  let bin = low;
  while (bin + 1 < high && load<f64>(cuts + (<usize>bin << 3)) < threshold) bin++;

  let left: i64 = 0;
  for (let at = from; at < to; at += 4) {
    const row = <usize>load<i32>(at);
    const value = load<i64>(g.packed + (row << 3));
    left += <u32>load<u8>(codes + row * width) <= bin ? value : 0;
  }
  if (scoreCut(g, feature, left, node.total)) setCut(bin);
}

/** Move the rows that go left to the front, keeping their order. @returns where the right side begins */
function partition(g: Growth, node: Node): i32 {
  const codes = g.codes + node.feature, width = <usize>g.width, cut = node.cut;
  const from = g.rows + (<usize>node.start << 2), to = g.rows + (<usize>node.end << 2), spare = g.spare;
  let left = from, right = spare;
  for (let at = from; at < to; at += 4) {
    const row = load<i32>(at);
    const isRight = <usize>(<i32>load<u8>(codes + <usize>row * width) > cut) << 2;
    store<i32>(left, row);
    store<i32>(right, row);
    left += 4 - isRight;
    right += isRight;
  }
  memory.copy(left, spare, right - spare);
  return <i32>((left - g.rows) >> 2);
}

/** The leaf that a row of codes reaches. */
export function leafOf(g: Growth, row: i32): Node {
  const codes = g.codes + <usize>row * <usize>g.width;
  let node = nodeAt(g, 0);
  while (node.left) {
    const code = <i32>load<u8>(codes + node.feature);
    node = nodeAt(g, node.left + <i32>(code > node.cut));
  }
  return node;
}

/**
 * Write the tree as columns, in the form of assembly/trees.ts.
 *
 * @param base    index of its first node among all trees
 * @param cover   f64[nodes], rows that reached each node, counted as often as they were drawn
 * @returns nodes written
 */
export function emitTree(growth: usize, base: i32, feature: usize, number: usize, left: usize, cover: usize): i32 {
  const g = changetype<Growth>(growth);
  for (let index = 0; index < g.nodeCount; index++) {
    const node = nodeAt(g, index), at = <usize>index << 2, at8 = <usize>index << 3;
    const isLeaf = node.left == 0;
    const slot = isLeaf ? 0 : load<i32>(g.slots + (<usize>node.feature << 2));
    store<i32>(feature + at, isLeaf ? -1 : load<i32>(g.columns + (<usize>slot << 2)));
    store<i32>(left + at, base + (isLeaf ? index - 1 : node.left));
    store<f64>(number + at8, isLeaf ? node.value : load<f64>(g.cuts + (<usize>slot << 11) + (<usize>node.cut << 3)));
    store<f64>(cover + at8, <f64>countOf(node.total));
  }
  return g.nodeCount;
}
