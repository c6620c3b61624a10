/** Counts the views that a live page was sent; a chart draws itself anew when it changes. */

import { createContext } from "preact";

export const ChartTurn = createContext(0);
