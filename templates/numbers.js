// What the printed expressions call. X is exact: a value is a BigInt, a fraction {n, d} of two of them in lowest terms,
// or a double where a logarithm or a root is irrational. D is the same in doubles. What has no value throws, or is NaN.
const MOST_TERMS = 100000n, MOST_BITS = 14000, MOST_DRAWN = 4096;
const X = (() => {
  const gcd = (a, b) => { while (b) [a, b] = [b, a % b]; return a < 0n ? -a : a; };
  const ratio = (n, d) => {
    if (!d) throw new RangeError("division by zero");
    const shared = gcd(n, d) * (d < 0n ? -1n : 1n);
    n /= shared; d /= shared;
    return d === 1n ? n : {n, d};
  };
  const inexact = a => typeof a === "number";
  const above = a => typeof a === "bigint" ? a : a.n;
  const below = a => typeof a === "bigint" ? 1n : a.d;
  const bits = a => a.toString(16).length * 4;
  // A quotient of 64 bits before it is rounded: numerator and denominator may be larger than any double.
  const double = a => {
    if (inexact(a)) return a;
    if (typeof a === "bigint") return Number(a);
    const shift = Math.max(0, 64 + bits(a.d) - bits(a.n < 0n ? -a.n : a.n));
    return Number((a.n << BigInt(shift)) / a.d) / 2 ** shift;
  };
  const plus = (a, b) => {
    if (typeof a === "bigint" && typeof b === "bigint") return a + b;
    if (inexact(a) || inexact(b)) return double(a) + double(b);
    return ratio(above(a) * below(b) + above(b) * below(a), below(a) * below(b));
  };
  const times = (a, b) => {
    if (typeof a === "bigint" && typeof b === "bigint") return a * b;
    if (inexact(a) || inexact(b)) return double(a) * double(b);
    return ratio(above(a) * above(b), below(a) * below(b));
  };
  // The sign of a - b.
  const compare = (a, b) => {
    if (inexact(a) || inexact(b)) return Math.sign(double(a) - double(b));
    const gap = above(a) * below(b) - above(b) * below(a);
    return gap > 0n ? 1 : gap < 0n ? -1 : 0;
  };
  const root = n => {
    if (n < 2n) return n;
    let x = 1n << BigInt((bits(n) >> 1) + 1);
    for (;;) { const y = (x + n / x) >> 1n; if (y >= x) return x; x = y; }
  };
  const whole = (base, exponent) => {
    const size = exponent < 0n ? -exponent : exponent;
    if (size * BigInt(bits(above(base) < 0n ? -above(base) : above(base))) > MOST_BITS)
      throw new RangeError("a power with too many digits");
    const n = above(base) ** size, d = below(base) ** size;
    return exponent < 0n ? ratio(d, n) : ratio(n, d);
  };
  const pow = (base, exponent) => {
    if (typeof exponent === "bigint") return inexact(base) ? base ** Number(exponent) : whole(base, exponent);
    if (!inexact(exponent) && exponent.d === 2n && !inexact(base) && above(base) >= 0n) {
      const n = root(above(base)), d = root(below(base));
      if (n * n === above(base) && d * d === below(base)) return whole(ratio(n, d), exponent.n);
    }
    return double(base) ** double(exponent);
  };
  const floored = a => { const q = a.n / a.d; return a.n < 0n ? q - 1n : q; };
  const round = up => a => {
    if (typeof a === "bigint") return a;
    if (!inexact(a)) return floored(a) + (up ? 1n : 0n);
    const near = Math.round(a);
    if (Math.abs(a - near) < 1e-9 * Math.max(1, Math.abs(a))) return BigInt(near);
    return BigInt(up ? Math.ceil(a) : Math.floor(a));
  };
  const natural = a => {
    if (inexact(a)) return Math.log(a);
    const part = n => { const cut = Math.max(0, bits(n) - 1000); return Math.log(Number(n >> BigInt(cut))) + cut * Math.LN2; };
    if (above(a) <= 0n) throw new RangeError("a logarithm of what is not positive");
    return part(above(a)) - part(below(a));
  };
  // The largest e with base^e <= a, found without doubles but for a first guess.
  const places = (a, base) => {
    let e = BigInt(Math.round(natural(a) / natural(base)));
    while (compare(pow(base, e), a) > 0) e -= 1n;
    while (compare(pow(base, e + 1n), a) <= 0) e += 1n;
    return e;
  };
  const tidy = (a, base) => !inexact(a) && typeof base === "bigint" && base > 1n && above(a) > 0n;
  const log = (a, base) => {
    if (base === undefined) return natural(a);
    if (tidy(a, base)) { const e = places(a, base); if (!compare(pow(base, e), a)) return e; }
    return natural(a) / natural(base);
  };
  const floor = round(false), ceil = round(true);
  const floorLog = (a, base) => tidy(a, base) ? places(a, base) : floor(log(a, base));
  const ceilLog = (a, base) => {
    if (!tidy(a, base)) return ceil(log(a, base));
    const e = places(a, base);
    return compare(pow(base, e), a) ? e + 1n : e;
  };
  const cut = a => typeof a === "bigint" ? a : inexact(a) ? BigInt(Math.trunc(a)) : a.n / a.d;
  return {
    ratio, double, compare, pow, floor, ceil, log, floorLog, ceilLog,
    add: (...terms) => terms.reduce(plus),
    mul: (...factors) => factors.reduce(times),
    max: (...all) => all.reduce((a, b) => compare(a, b) < 0 ? b : a),
    min: (...all) => all.reduce((a, b) => compare(a, b) > 0 ? b : a),
    sum: (first, last, term) => {
      if (compare(plus(last, times(first, -1n)), MOST_TERMS) > 0) throw new RangeError("a sum of too many terms");
      let result = 0n;
      for (let i = cut(first), end = cut(last); i <= end; i += 1n) result = plus(result, term(i));
      return result;
    },
    divides: (divisor, dividend) => {
      if (inexact(divisor) || inexact(dividend) || !divisor) return false;
      const quotient = ratio(above(dividend) * below(divisor), below(dividend) * above(divisor));
      return typeof quotient === "bigint";
    },
  };
})();
const D = (() => {
  const near = a => { const n = Math.round(a); return Math.abs(a - n) < 1e-9 * Math.max(1, Math.abs(a)) ? n : NaN; };
  const floor = a => { const n = near(a); return n === n ? n : Math.floor(a); };
  const ceil = a => { const n = near(a); return n === n ? n : Math.ceil(a); };
  const log = (a, base) => base === undefined ? Math.log(a) : Math.log(a) / Math.log(base);
  // Powers of whole numbers up to 2^53 are exact, the quotient of two logarithms is not.
  const places = (a, base) => {
    let e = Math.round(log(a, base));
    if (!(Math.abs(e) < 1100)) return NaN;
    while (base ** e > a) e -= 1;
    while (base ** (e + 1) <= a) e += 1;
    return e;
  };
  const floorLog = (a, base) => base > 1 && a > 0 ? places(a, base) : floor(log(a, base));
  const ceilLog = (a, base) => {
    if (!(base > 1 && a > 0)) return ceil(log(a, base));
    const e = places(a, base);
    return base ** e < a ? e + 1 : e;
  };
  return {
    floor, ceil, log, floorLog, ceilLog, pow: (a, b) => a ** b, max: Math.max, min: Math.min,
    sum: (first, last, term) => {
      if (!(last - first <= MOST_DRAWN)) return NaN;
      let result = 0;
      for (let i = Math.trunc(first), end = Math.trunc(last); i <= end; i += 1) result += term(i);
      return result;
    },
  };
})();
