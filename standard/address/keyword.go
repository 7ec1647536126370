package address

// A group of keywords that mean the same to the structure of an address.
type group uint8

const (
	groupNone group = iota
	groupRoad
	groupLane
	groupNumber
	groupHouse
	groupStorey // 楼: a house or a floor
	groupUnit
	groupFloor
	groupRoom
	groupTown
	groupCommittee
	groupTeam
	groupZone
	groupEstate   // where people live
	groupBuilding // what one can see from the street
	groupVenue    // shops, schools, offices
	groupFirm
	groupSection // part of an estate: 东区, 二期
	groupGate
	groupNear
	groupAsk // words to the courier
	groupProvince
	groupCity
	groupDistrict
	groupCounter
	groupNature // hills and waters
	nGroups
)

// keywords by group. The longest keyword that ends at a place counts.
var keywords = [nGroups]string{
	groupRoad:      "路 街 大道 大街 道 巷 胡同 公路 大路 马路 支路 横路 环路 辅路 高速 国道 省道 线 老街 步行街 横街 直街 后街 前街 小街 里弄 支巷 大桥 河沿 堤 路段 东路 西路 南路 北路 中路 东街 西街 南街 北街 中街 新路 新街 巷子",
	groupLane:      "弄 支弄",
	groupNumber:    "号 附号 号院",
	groupHouse:     "幢 栋 号楼 座 号幢 棟 号栋 # 号座",
	groupStorey:    "楼",
	groupUnit:      "单元 门洞 梯 单 号单元",
	groupFloor:     "层 底楼 底层 地下室 夹层 架空层 地下 负一楼 顶楼 顶层 楼层 底商",
	groupRoom:      "室 房 号房 房间 号室 户 铺 号铺 间 号店 号摊 摊位 车库 包间",
	groupTown:      "镇 乡 街道 苏木 民族乡 街道办事处 办事处 街办",
	groupCommittee: "村 社区 居委会 村委会 居委 村委 行政村 自然村 屯 庄 寨 居民委员会 村民委员会 嘎查 生产队 大队",
	groupTeam:      "组 队 社 小组",
	groupZone: "开发区 工业区 高新区 新区 工业园区 工业园 经济开发区 技术开发区 产业园 产业园区 保税区 经济技术开发区 高新技术开发区 高新技术产业开发区 园区 示范区 度假区 科技园 科技园区 " +
		"工业集聚区 集聚区 工业小区 功能区 创业园 创新园 物流园 物流园区 软件园 高教园区 高教园 经开区 试验区 出口加工区 生态园 管委会 产业集聚区 工业城 科技城 科学城 新城",
	groupEstate: "小区 花园 公寓 苑 家园 新村 嘉园 华庭 名苑 华府 府 庭 居 雅苑 佳苑 花苑 名都 豪庭 别墅 山庄 公馆 名邸 锦园 景园 丽园 宿舍 嘉苑 新苑 北苑 南苑 东苑 西苑 湾 郡 墅 里 坊 城 住宅区 生活区 " +
		"名园 家苑 佳园 御园 花城 新城 名城 水岸 春天 国际 世家 豪园 馨园 安置房 住宅 家属院 家属区 宿舍楼 公租房 人家 邸 轩 阁 园 院 院子 景苑 文苑 江南 尚城 天下 时代 印象",
	groupBuilding: "大厦 广场 中心 大楼 商务楼 写字楼 商厦 商务中心 商业中心 购物中心 国际中心 金融中心 商业街 商城 市场 批发市场 农贸市场 市场部 大酒店 综合楼 科技楼 办公楼 教学楼 实验楼 行政楼 裙楼 商场 步行街 综合体 mall 百货 家居 建材市场 专业市场 商贸城 服装城 家具城 建材城 电脑城 汽配城 食品城 小商品市场",
	groupVenue: "店 超市 酒店 宾馆 医院 学校 小学 中学 大学 学院 幼儿园 银行 局 院 馆 所 站 厅 网吧 饭店 餐厅 商行 药店 药房 车行 会所 ktv 卫生院 卫生所 派出所 法院 检察院 政府 支行 分理处 营业部 营业厅 门诊 诊所 服务部 " +
		"服务站 加油站 汽车站 火车站 车站 地铁站 邮局 便利店 理发店 美容院 饭馆 酒楼 旅馆 招待所 菜场 菜市场 影城 影院 图书馆 博物馆 体育馆 公园 景区 教堂 寺 庙 仓库 车间 码头 机场 批发部 门市部 经营部 售楼处 工地 食堂 健身房 培训中心 电信局 供电局 4s店 旗舰店 专卖店 专柜 商店 门店 客运中心 分院 校区 分校 研究院 研究所 设计院 实验室 办公室 财务部 人事部 传达室 门卫 门卫室 保安室 物业 收发室 驿站 菜鸟驿站 快递柜 丰巢柜 前台 总台 柜台 代收点",
	groupFirm:     "公司 有限公司 集团 厂 分公司 股份有限公司 企业 工厂 总公司 子公司 事务所 工作室 合作社 有限责任公司 科技公司 服饰 服装厂 机械厂 电器厂 鞋厂 鞋业 贸易 实业 电子 机械 制衣 塑料 五金 家具厂 服装 工艺品 纺织 化工 电器 物流 印染 模具 包装 汽配 汽修 装饰 传媒 科技 塑业 针织",
	groupSection:  "东区 西区 南区 北区 中区 一区 二区 三区 四区 五区 六区 七区 八区 九区 十区 一期 二期 三期 四期 五期 期 组团 地块 片区 区 东苑 西苑 南苑 北苑 分区 区块 厂区 营区 库区 小区块",
	groupGate:     "门 东门 西门 南门 北门 大门 正门 后门 侧门 门口 入口 出口",
	groupNear:     "旁 旁边 对面 附近 隔壁 交叉口 交界处 后面 前面 斜对面 边 边上 口 路口 交汇处 交汇 处 内 里面 楼下 门口 背后 东侧 西侧 南侧 北侧 往东 往西 往南 往北 向东 向西 向南 向北 米 与 和 到 交叉路口 转弯处 十字路口 丁字路口 红绿灯 方向 东面 西面 南面 北面 东首 西首 南首 北首 后边 前 后 侧 往前 往里 进去 东边 西边 南边 北边 东 西 南 北 中间 以东 以西 以南 以北 靠近 对过 沿线 转角 拐角 路边 当面 东北角 西北角 东南角 西南角",
	groupAsk:      "电联 电话 联系 电话联系 请 送货上门 收 谢谢 勿 不要 放 自提 代收 本人签收 签收 快递 派送 送到 周末 工作日 打电话 到付 到了 不送 地址 收货 送货 务必 先 必须 丰巢",
	groupProvince: "省 自治区",
	groupCity:     "市 地区 自治州 州 盟",
	groupDistrict: "县 旗 自治县 自治旗 市辖区 城区",
	groupCounter:  "米 公里 分钟 百米",
	groupNature:   "山 江 河 湖 溪 港 浜 塘 岙 洋 墩 桥 头 岭 坑 坞 埭 汇 浦 泾 浃 垟 岛 湾 潭 埠 坪 坡 洞 沟 田 垄 洲",
}

// A keyword found in a text: it covers tokens [from, to].
type found struct {
	group group
	from  int16
}

var keywordTrie = func() *trie {
	t := newTrie(1 << 13)
	for g, words := range keywords {
		start := 0
		for i := 0; i <= len(words); i++ {
			if i == len(words) || words[i] == ' ' {
				if i > start {
					if n := t.insert(words[start:i]); t.value[n] == 0 { // the first group of a word keeps it
						t.value[n] = int32(g)
					}
				}
				start = i + 1
			}
		}
	}
	return t
}()
