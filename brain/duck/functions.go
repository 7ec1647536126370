package duck

import "strings"

// functionFamilies are the functions a statement may call: pure functions of
// their arguments, aggregates and windows. Left out on purpose: what reads
// files, settings or catalogues (query, getvariable, current_setting, …),
// runs text as SQL, waits (sleep_ms), logs, or tells of rows a filter hides
// (stats).
var functionFamilies = map[string]string{
	"operators": `+ - * / // % ** ^ & | ~ << >> xor || @ ! !__postfix ~~ !~~ ~~* !~~* ~~~ ^@ && <@ @> <-> <=> -> ->>
		like_escape not_like_escape ilike_escape not_ilike_escape add subtract multiply divide`,
	"conditions": `coalesce nullif ifnull if greatest least constant_or_null switch`,
	"aggregates": `count count_star count_if countif sum fsum kahan_sum sumkahan sum_no_overflow avg favg mean min max median mode product
		any_value arbitrary first last array_agg list string_agg listagg group_concat bool_and bool_or bit_and bit_or bit_xor
		stddev stddev_pop stddev_samp variance var_pop var_samp sem kurtosis skewness entropy mad corr covar_pop covar_samp
		regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
		quantile quantile_cont quantile_disc approx_quantile reservoir_quantile approx_count_distinct approx_top_k
		arg_max arg_min argmax argmin max_by min_by arg_max_null arg_min_null arg_max_nulls_last arg_min_nulls_last
		histogram histogram_exact equi_width_bins is_histogram_other_bin wavg weighted_avg geomean geometric_mean`,
	"windows": `row_number rank dense_rank rank_dense percent_rank cume_dist ntile lag lead first_value last_value nth_value fill`,
	"text": `lower lcase upper ucase length len strlen char_length character_length length_grapheme octet_length bit_length ascii chr ord unicode
		substr substring substring_grapheme left right left_grapheme right_grapheme trim ltrim rtrim lpad rpad replace translate reverse
		concat concat_ws split split_part string_split str_split string_to_array string_split_regex str_split_regex
		regexp_matches regexp_full_match regexp_replace regexp_extract regexp_extract_all regexp_split_to_array regexp_escape
		contains starts_with ends_with prefix suffix position strpos instr strip_accents nfc_normalize icu_sort_key
		printf format format_bytes formatreadablesize formatreadabledecimalsize url_encode url_decode
		md5 sha1 sha256 hash hex unhex to_hex from_hex bin unbin to_binary from_binary base64 to_base64 from_base64 encode decode to_base
		levenshtein editdist3 damerau_levenshtein hamming mismatches jaccard jaro_similarity jaro_winkler_similarity`,
	"numbers": `abs sign signbit ceil ceiling floor round round_even roundbankers trunc even mod fmod fdiv pow power sqrt cbrt exp ln log log2 log10
		sin cos tan cot asin acos atan atan2 sinh cosh tanh asinh acosh atanh degrees radians pi factorial gamma lgamma gcd lcm
		greatest_common_divisor least_common_multiple isnan isinf isfinite nextafter bit_count random uuid gen_random_uuid`,
	"dates": `year month day hour minute second millisecond microsecond nanosecond quarter week weekday weekofyear yearweek dayofweek dayofmonth dayofyear isodow
		isoyear decade century millennium era epoch epoch_ms epoch_us epoch_ns julian dayname monthname last_day days_in_month
		date_part datepart date_trunc datetrunc date_diff datediff date_sub datesub date_add age ago time_bucket
		strftime strptime try_strptime make_date make_time make_timestamp make_timestamp_ms make_timestamptz to_timestamp timezone timezone_hour timezone_minute
		now today current_date current_localtime current_localtimestamp get_current_time get_current_timestamp transaction_timestamp
		to_years to_quarters to_months to_weeks to_days to_hours to_minutes to_seconds to_milliseconds to_microseconds to_decades to_centuries to_millennia
		normalized_interval`,
	"lists": `list_value list_pack array_value unnest range generate_series array_length cardinality list_contains list_has array_contains array_has list_has_all list_has_any
		array_has_all array_has_any list_position list_indexof array_position array_indexof list_extract list_element array_extract element_at list_slice array_slice
		list_concat list_cat array_concat array_cat list_append list_prepend array_append array_prepend list_distinct array_distinct list_unique array_unique list_sort
		list_reverse_sort array_sort array_reverse_sort list_reverse array_reverse list_transform list_apply array_transform array_apply apply list_filter array_filter
		filter list_reduce array_reduce reduce list_zip array_zip list_where list_select list_intersect array_intersect flatten list_sum list_avg list_min list_max
		list_count list_first list_last list_median list_mode list_string_agg list_any_value list_bool_and list_bool_or list_product list_stddev_samp list_var_samp
		array_to_string array_to_string_comma_default list_resize array_resize`,
	"structs": `struct_pack row struct_extract struct_extract_at struct_insert struct_keys struct_values map map_keys map_values map_entries map_extract
		map_extract_value map_contains map_from_entries map_concat typeof`,
	"json": `json json_valid json_type json_extract json_extract_string json_extract_path json_extract_path_text json_value json_exists json_contains json_keys
		json_array_length json_array json_object json_quote to_json array_to_json row_to_json json_group_array json_group_object`,
}

// allowedFunctions holds every name of functionFamilies, in lower case.
var allowedFunctions = func() map[string]bool {
	all := map[string]bool{}
	for _, names := range functionFamilies {
		for _, name := range strings.Fields(names) {
			all[name] = true
		}
	}
	return all
}()

// allowedTableFunctions may stand in FROM.
var allowedTableFunctions = map[string]bool{"range": true, "generate_series": true, "unnest": true}
