/** A table whose rows follow the column that the reader chose; missing values stand last either way. */

import { useState } from "preact/hooks";
import { type Column, Table, type TableProps } from "./table";

export type Value = number | string | null;

export interface SortedColumn<Row> extends Column<Row> {
  /** What the column is sorted by; left out where order means nothing. */
  value?(row: Row): Value;
}

export interface Sorting {
  by: string;
  down: boolean;
}

interface SortedTableProps<Row> extends Omit<TableProps<Row>, "columns"> {
  columns: SortedColumn<Row>[];
  sorted: Sorting;
}

export function SortedTable<Row>({ columns, sorted, rows, ...rest }: SortedTableProps<Row>) {
  const [sorting, setSorting] = useState(sorted);
  const by = columns.find(({ name }) => name === sorting.by)?.value;
  const choose = ({ name, number }: SortedColumn<Row>) =>
    setSorting((before) => ({ by: name, down: before.by === name ? !before.down : number === true }));
  const heads = columns.map((column): Column<Row> => {
    if (column.value === undefined) return column;
    const here = sorting.by === column.name;
    return {
      ...column,
      sorted: here ? (sorting.down ? "descending" : "ascending") : "none",
      head: (
        <button type="button" class="sort" onClick={() => choose(column)}>
          {column.name}
          <span aria-hidden="true">{here ? (sorting.down ? " ▾" : " ▴") : ""}</span>
        </button>
      ),
    };
  });
  return <Table {...rest} columns={heads} rows={by === undefined ? rows : inOrder(rows, by, sorting.down)} />;
}

export function inOrder<Row>(rows: readonly Row[], by: (row: Row) => Value, down: boolean): Row[] {
  const sign = down ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [left, right] = [by(a), by(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return left === right ? 0 : left < right ? -sign : sign;
  });
}
