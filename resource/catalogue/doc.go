// Package catalogue keeps the catalogue of data resources (seed: 数据资源目录):
// one entry per dataset or kept object, its fields, its changes, the
// departments, and the search over them.
//
// An entry is written in the transaction that marks its batch landed, and its
// search index in the same one, so neither can drift (decision D12). Search is
// by bigrams of Chinese, words of Latin scripts, and pinyin of names:
//
//	page, err := store.Search(ctx, catalogue.Query{Text: "rkjbxx"}) // 人口基本信息
package catalogue
