/** Scratch of one thread, taken piece by piece when a call begins; each piece stands on a line of the cache. */
let free: usize = 0;

export function openScratch(from: usize): void {
  free = from;
}

/** @returns where so many bytes stand */
export function take(bytes: usize): usize {
  const at = free;
  free += (bytes + 63) & ~<usize>63;
  return at;
}
