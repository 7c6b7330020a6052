/**
 * Distribution functions and their inverses. They decide what is sampled and which interval is shown, so they are
 * computed here and nowhere else: the same bits on every machine.
 */

const SQRT_HALF: f64 = 0.7071067811865476;
const SQRT_TWO_PI: f64 = 2.5066282746310002;
const INVERSE_SQRT_PI: f64 = 0.5641895835477563;
const HALF_LOG_TWO_PI: f64 = 0.9189385332046727;

/** The largest and smallest u that a normal distribution is asked for; ±6.34 standard deviations. */
const LOWEST_U: f64 = 1.0 / 8589934592.0; // 2^-33

/** Standard normal density. */
export function normalPdf(z: f64): f64 {
  return Math.exp(-0.5 * z * z) / SQRT_TWO_PI;
}

/** Standard normal distribution function; relative error below 1e-15 · max(1, z²) down to z = -37.5, 0 below -38.6. */
export function normalCdf(z: f64): f64 {
  return 0.5 * erfc(-z * SQRT_HALF);
}

/**
 * Inverse of `normalCdf`; -∞ at 0, +∞ at 1, NaN outside. Relative error about 1e-16.
 * Near p = 1 ask for the negative of the inverse at 1 - p, if you know 1 - p better than p.
 * Source: M. J. Wichura, Algorithm AS 241, Applied Statistics 37 (1988), routine PPND16.
 */
export function normalPpf(p: f64): f64 {
  if (!(p > 0 && p < 1)) return p == 0 ? -Infinity : p == 1 ? Infinity : NaN;
  const q = p - 0.5;
  if (abs(q) <= 0.425) return centralPpf(q);
  const r = sqrt(-Math.log(q < 0 ? p : 1 - p));
  const z = r <= 5 ? middlePpf(r - 1.6) : tailPpf(r - 5);
  return q < 0 ? -z : z;
}

/**
 * The value of a normal distribution, truncated to [low, high], below which the share u lies.
 *
 * mean + sd Φ⁻¹(Φ(α) + u (Φ(β) - Φ(α))), α and β the standardised bounds. Always worked out in the tail that the
 * value lies in, where Φ keeps its digits.
 *
 * @param u    clamped to [2^-33, 1 - 2^-33], so that an unbounded side stays finite
 * @param sd   > 0 (the host has checked)
 * @param low  -∞ where there is none; `high` +∞ likewise; low ≤ high
 */
export function truncatedNormal(u: f64, mean: f64, sd: f64, low: f64, high: f64): f64 {
  const share = max(LOWEST_U, min(1 - LOWEST_U, u));
  const alpha = (low - mean) / sd, beta = (high - mean) / sd;
  if (beta - alpha < 1e-8) return min(high, low + share * (high - low)); // flat within 1e-7, and Φ(β) - Φ(α) is noise

  // the mirror image turns an upper tail into a lower one
  const mirrored = alpha > 0;
  const a = mirrored ? -beta : alpha, b = mirrored ? -alpha : beta;
  const below = mirrored ? 1 - share : share, above = mirrored ? share : 1 - share;
  const start = normalCdf(a), mass = normalCdf(b) - start;
  if (mass <= 0) return mirrored ? low : high; // beyond the reach of f64: the end nearest to the mean

  const p = start + below * mass;
  const z = p <= 0.5 ? normalPpf(p) : -normalPpf(normalCdf(-b) + above * mass);
  return max(low, min(high, mean + sd * (mirrored ? -z : z)));
}

/** The value of a log-uniform distribution on [low, high], 0 < low ≤ high, below which the share u lies. */
export function logUniform(u: f64, low: f64, high: f64): f64 {
  const start = Math.log(low);
  return max(low, min(high, Math.exp(start + u * (Math.log(high) - start))));
}

/**
 * Distribution function of the Beta distribution: the regularised incomplete beta function I_x(a, b).
 * 0 below 0 and 1 above 1; NaN unless a, b > 0. Relative error about 1e-12 for a, b up to 1000.
 */
export function betaCdf(x: f64, a: f64, b: f64): f64 {
  return incompleteBeta(x, 1 - x, a, b);
}

/** Inverse of `betaCdf`: Newton's steps inside a bracket that halves where they would leave it. NaN outside 0 ≤ p ≤ 1. */
export function betaPpf(p: f64, a: f64, b: f64): f64 {
  if (!(a > 0 && b > 0 && p >= 0 && p <= 1)) return NaN;
  if (p == 0 || p == 1) return p;
  const logScale = logGamma(a + b) - logGamma(a) - logGamma(b);
  let left: f64 = 0, right: f64 = 1, x = a / (a + b);
  for (let i = 0; i < 1200; i++) { // enough halvings for the smallest x; some ten steps as a rule
    const excess = incompleteBeta(x, 1 - x, a, b) - p;
    if (excess > 0) right = x; else left = x;
    const density = Math.exp(logScale + (a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x));
    let next = x - excess / density;
    if (!(next > left && next < right)) next = 0.5 * (left + right);
    const moved = abs(next - x);
    x = next;
    if (moved <= 4e-16 * x) break;
  }
  return x;
}

/** Distribution function of Student's t; `df` > 0 need not be whole. Two-sided p of t: 2 studentTCdf(-|t|, df). */
export function studentTCdf(t: f64, df: f64): f64 {
  if (!(df > 0) || t != t) return NaN;
  const square = t * t;
  const tail = square == Infinity ? 0 : 0.5 * incompleteBeta(df / (df + square), square / (df + square), 0.5 * df, 0.5);
  return t > 0 ? 1 - tail : tail;
}

/**
 * ln Γ(x), x > 0: Stirling's series from 10 up, the recurrence Γ(x + 1) = x Γ(x) below.
 * Source: DLMF 5.11.1; the first term left out is below 7e-16.
 */
export function logGamma(x: f64): f64 {
  let z = x, product: f64 = 1;
  while (z < 10) { product *= z; z += 1; }
  const r = 1 / (z * z);
  const series = ((((-691.0 / 360360.0 * r + 1.0 / 1188.0) * r - 1.0 / 1680.0) * r + 1.0 / 1260.0) * r - 1.0 / 360.0) * r + 1.0 / 12.0;
  return (z - 0.5) * Math.log(z) - z + HALF_LOG_TWO_PI + series / z - Math.log(product);
}

/**
 * I_x(a, b) with y = 1 - x given apart, so that neither loses digits near an end.
 * The continued fraction converges fast below the mean; above it the mirror image 1 - I_y(b, a) is used.
 */
function incompleteBeta(x: f64, y: f64, a: f64, b: f64): f64 {
  if (!(a > 0 && b > 0) || x != x) return NaN;
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const logX = x < 0.5 ? Math.log(x) : Math.log1p(-y);
  const logY = y < 0.5 ? Math.log(y) : Math.log1p(-x);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * logX + b * logY);
  const lower = x * (a + b + 2) <= a + 1;
  return lower ? front * betaFraction(x, a, b) / a : 1 - front * betaFraction(y, b, a) / b;
}

/** The continued fraction of I_x(a, b), by the modified Lentz method. Source: DLMF 8.17.22. */
function betaFraction(x: f64, a: f64, b: f64): f64 {
  let c: f64 = 1, d = 1 / awayFromZero(1 - (a + b) * x / (a + 1));
  let fraction = d;
  for (let m: f64 = 1; m < 100000; m++) {
    const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / awayFromZero(1 + even * d);
    c = awayFromZero(1 + even / c);
    fraction *= c * d;

    const odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / awayFromZero(1 + odd * d);
    c = awayFromZero(1 + odd / c);
    fraction *= c * d;
    if (abs(c * d - 1) < 1e-15) break;
  }
  return fraction;
}

function awayFromZero(x: f64): f64 {
  return abs(x) < 1e-300 ? 1e-300 : x;
}

/**
 * Complementary error function; relative error below 2e-15 until it underflows near x = 26.5.
 * Source: W. J. Cody, Rational Chebyshev Approximations for the Error Function, Math. Comp. 23 (1969).
 */
function erfc(x: f64): f64 {
  const y = abs(x);
  if (y <= 0.46875) return 1 - erfNearZero(x);
  const tail = y > 27.3 ? 0 : scaledExp(y) * (y <= 4 ? erfcMiddle(y) : erfcTail(y)); // beyond, exp(-y²) is 0
  return x < 0 ? 2 - tail : tail;
}

/** exp(-y²), with y split so that the square is exact where it is large. */
function scaledExp(y: f64): f64 {
  const coarse = Math.trunc(y * 16) / 16;
  return Math.exp(-coarse * coarse) * Math.exp(-(y - coarse) * (y + coarse));
}

function erfNearZero(x: f64): f64 {
  const r = x * x;
  const numerator = (((0.185777706184603153 * r + 3.16112374387056560) * r + 113.864154151050156) * r + 377.485237685302021) * r + 3209.37758913846947;
  const denominator = (((r + 23.6012909523441209) * r + 244.024637934444173) * r + 1282.61652607737228) * r + 2844.23683343917062;
  return x * numerator / denominator;
}

function erfcMiddle(y: f64): f64 {
  const numerator = (((((((2.15311535474403846e-8 * y + 0.564188496988670089) * y + 8.88314979438837594) * y + 66.1191906371416295) * y
    + 298.635138197400131) * y + 881.952221241769090) * y + 1712.04761263407058) * y + 2051.07837782607147) * y + 1230.33935479799725;
  const denominator = (((((((y + 15.7449261107098347) * y + 117.693950891312499) * y + 537.181101862009858) * y + 1621.38957456669019) * y
    + 3290.79923573345963) * y + 4362.61909014324716) * y + 3439.36767414372164) * y + 1230.33935480374942;
  return numerator / denominator;
}

function erfcTail(y: f64): f64 {
  const r = 1 / (y * y);
  const numerator = ((((0.0163153871373020978 * r + 0.305326634961232344) * r + 0.360344899949804439) * r + 0.125781726111229246) * r
    + 0.0160837851487422766) * r + 6.58749161529837803e-4;
  const denominator = ((((r + 2.56852019228982242) * r + 1.87295284992346725) * r + 0.527905102951428412) * r
    + 0.0605183413124413191) * r + 0.00233520497626869185;
  return (INVERSE_SQRT_PI - r * numerator / denominator) / y;
}

/** |q| ≤ 0.425, q = p - 0.5 */
function centralPpf(q: f64): f64 {
  const r = 0.180625 - q * q;
  const numerator = ((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r + 45921.953931549871457) * r
    + 13731.693765509461125) * r + 1971.5909503065514427) * r + 133.14166789178437745) * r + 3.3871328727963666080;
  const denominator = ((((((5226.4952788528545610 * r + 28729.085735721942674) * r + 39307.895800092710610) * r + 21213.794301586595867) * r
    + 5394.1960214247511077) * r + 687.18700749205790830) * r + 42.313330701600911252) * r + 1;
  return q * numerator / denominator;
}

/** r = sqrt(-ln p) - 1.6, p down to exp(-25) */
function middlePpf(r: f64): f64 {
  const numerator = ((((((7.74545014278341407640e-4 * r + 0.0227238449892691845833) * r + 0.241780725177450611770) * r + 1.27045825245236838258) * r
    + 3.64784832476320460504) * r + 5.76949722146069140550) * r + 4.63033784615654529590) * r + 1.42343711074968357734;
  const denominator = ((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 0.0151986665636164571966) * r + 0.148103976427480074590) * r
    + 0.689767334985100004550) * r + 1.67638483018380384940) * r + 2.05319162663775882187) * r + 1;
  return numerator / denominator;
}

/** r = sqrt(-ln p) - 5, p below exp(-25) */
function tailPpf(r: f64): f64 {
  const numerator = ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.00124266094738807843860) * r + 0.0265321895265761230930) * r
    + 0.296560571828504891230) * r + 1.78482653991729133580) * r + 5.46378491116411436990) * r + 6.65790464350110377720;
  const denominator = ((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r + 1.84631831751005468180e-5) * r + 7.86869131145613259100e-4) * r
    + 0.0148753612908506148525) * r + 0.136929880922735805310) * r + 0.599832206555887937690) * r + 1;
  return numerator / denominator;
}
