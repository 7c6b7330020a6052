export * from "./math";
export * from "./distributions";
export * from "./indicators";
export * from "./backtest";
export * from "./trees";
