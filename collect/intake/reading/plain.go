package reading

// plainInt reads a canonical integer of at most 18 digits: no sign but "-", no
// leading zero, no "-0". It is the fast path of both profile and conversion.
func plainInt(v []byte) (n int64, ok bool) {
	if len(v) == 0 || len(v) > 19 {
		return 0, false
	}
	i := 0
	neg := v[0] == '-'
	if neg {
		i = 1
	}
	if len(v)-i > 18 || i == len(v) {
		return 0, false
	}
	if v[i] == '0' {
		return 0, len(v) == 1
	}
	for ; i < len(v); i++ {
		c := v[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int64(c)
	}
	if neg {
		n = -n
	}
	return n, true
}

// plainDecimal reads a canonical decimal of at most 18 digits with a point:
// "-"? (0 | [1-9][0-9]*) "." [0-9]+, and no negative zero.
func plainDecimal(v []byte) (mant int64, intDigits, scale int, ok bool) {
	if len(v) < 3 || len(v) > 20 {
		return 0, 0, 0, false
	}
	i := 0
	neg := v[0] == '-'
	if neg {
		i = 1
	}
	start := i
	for i < len(v) {
		c := v[i] - '0'
		if c > 9 {
			break
		}
		mant = mant*10 + int64(c)
		i++
	}
	intDigits = i - start
	if i >= len(v)-1 || v[i] != '.' || intDigits == 0 || intDigits > 1 && v[start] == '0' {
		return 0, 0, 0, false
	}
	i++
	scale = len(v) - i
	if intDigits+scale > 18 {
		return 0, 0, 0, false
	}
	for ; i < len(v); i++ {
		c := v[i] - '0'
		if c > 9 {
			return 0, 0, 0, false
		}
		mant = mant*10 + int64(c)
	}
	if neg {
		if mant == 0 {
			return 0, 0, 0, false
		}
		mant = -mant
	}
	return mant, intDigits, scale, true
}

// plainDate reads yyyy-mm-dd with any one separator at places 4 and 7; day is
// counted from 1970-01-01.
func plainDate(v []byte, sep byte) (day int32, ok bool) {
	if len(v) != 10 || v[4] != sep || v[7] != sep {
		return 0, false
	}
	a, b, c, d := v[0]-'0', v[1]-'0', v[2]-'0', v[3]-'0'
	m1, m2, d1, d2 := v[5]-'0', v[6]-'0', v[8]-'0', v[9]-'0'
	if a > 9 || b > 9 || c > 9 || d > 9 || m1 > 1 || m2 > 9 || d1 > 3 || d2 > 9 {
		return 0, false
	}
	return dayOf(int(a)*1000+int(b)*100+int(c)*10+int(d), int(m1)*10+int(m2), int(d1)*10+int(d2))
}

var monthDays = [13]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func leap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

// dayOf counts days from 1970-01-01 in the Gregorian calendar; ok is false for
// a day that does not exist or a year outside 1 to 9999.
func dayOf(y, m, d int) (int32, bool) {
	if m < 1 || m > 12 || d < 1 || y < 1 || y > 9999 {
		return 0, false
	}
	if d > monthDays[m] && (m != 2 || d != 29 || !leap(y)) {
		return 0, false
	}
	// Source: H. Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
	if m <= 2 {
		y--
	}
	era := y / 400
	yoe := y - era*400
	mp := (m + 9) % 12
	doy := (153*mp+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int32(era*146097 + doe - 719468), true
}

// civil is the inverse of dayOf.
func civil(day int32) (y, m, d int) {
	z := int(day) + 719468
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	y = yoe + era*400
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = doy - (153*mp+2)/5 + 1
	m = mp + 3
	if m > 12 {
		m -= 12
		y++
	}
	return y, m, d
}

// surelyText reports, in a few nanoseconds, that v is nothing but text; false
// says nothing. It looks at how numbers, dates, booleans and null tokens begin.
func surelyText(v []byte) bool {
	c := v[0]
	switch {
	case c >= 0xE4 && c <= 0xE9 && len(v) >= 3:
		switch string(v[:3]) {
		case "民", "中", "令", "平", "昭", "大", "明", "公", "西", "上", "下", "凌", "晚", "午":
			if len(v) < 6 {
				return true // none of them is anything alone
			}
			switch string(v[3:6]) {
			case "国", "國", "华", "華", "和", "成", "正", "治", "元", "暦", "午", "晨", "前", "後":
				return false
			}
			return true
		case "无", "無", "暂", "不", "未", "空", "缺", "是", "否", "有", "人", "該":
			return len(v) > 20 && c != 0xE4 // 人民币 begins numbers
		}
		return true
	case c-'a' < 26 || c-'A' < 26:
		n := 1
		for n < len(v) && (v[n]-'a' < 26 || v[n]-'A' < 26) {
			n++
		}
		if n == len(v) || n > 12 {
			return n > 13
		}
		if n >= 2 {
			var low [16]byte
			w := string(appendLower(low[:0], v[:n]))
			return v[n] < 0x80 && len(v) > 16 && monthNames[w] == 0 && !weekdays[w] && w != "rmb" && w != "cny" && w != "usd" && w != "eur" && w != "gbp" && w != "us" && w != "nt" && w != "hk" && w != "am" && w != "pm"
		}
	}
	return false
}
