// Package reading finds out what the values of a column are, over all of its
// rows, and turns the texts into typed values (seed: 无条件归集, 有标准管理).
//
// A Profile takes in a column batch by batch and gives a Finding: the type,
// how it is written, how many values do not read, and whether the typed values
// render back to exactly the bytes that came in (Finding.Exact). A Converter
// turns batches into Arrow arrays by that finding.
//
//	p := reading.New(head)
//	for batch := range batches {
//		p.Add(&batch.Columns[0])
//	}
//	f := p.Finding()
//	c := reading.NewConverter(f, memory.DefaultAllocator)
//	array, unread := c.Convert(&batch.Columns[0])
//
// # What counts as what
//
// A type is given when at least 95 % of the values that are not null read as
// it, or all but one of ten or more. The rest is Finding.Unread and is null in
// the typed array. Null are absent values, empty texts and null tokens (N/A,
// --, 无, ****): a token is null for the typing only, its text stays. Ranges,
// styles (1,234.5 or 1.234,5) and the order of day and month are decided on
// the whole column, or over the whole table by Settle; what stays open is a
// sentence in Finding.Questions.
//
// Numbers that name things stay text: leading zeros, fifteen digits and more,
// mobile phone numbers, and codes by the name of the column.
package reading
