/**
 * Transcendental functions that decide a result. They live here because their bits differ between
 * JavaScript engines (Math.pow does between Node versions) and do not differ in WebAssembly.
 */

export function exp(x: f64): f64 { return Math.exp(x); }
export function log(x: f64): f64 { return Math.log(x); }
export function pow(x: f64, y: f64): f64 { return Math.pow(x, y); }
export function sin(x: f64): f64 { return Math.sin(x); }
export function cos(x: f64): f64 { return Math.cos(x); }
