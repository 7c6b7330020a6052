export * from "./math";
export * from "./distributions";
export * from "./indicators";
export * from "./backtest";
export { fastBacktest } from "./fast";
export { priceZones } from "./zones";
export * from "./trees";
export { cscv } from "./cscv";
