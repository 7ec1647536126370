package guard

import (
	"context"
	"errors"
	"fmt"

	"shuniu/fault"
	"shuniu/resource"
)

// Demo is the made-up people and departments of the demo city: one account of
// each role, and one person with two.
func Demo() ([]Department, []Account) {
	departments := []Department{
		{ID: "dsj", Name: "区大数据中心"},
		{ID: "scjg", Name: "区市场监管局"},
		{ID: "mzj", Name: "区民政局"},
		{ID: "wjw", Name: "区卫生健康委"},
		{ID: "jyj", Name: "区教育局"},
		{ID: "cgzx", Name: "区城市运行管理中心"},
		{ID: "zwfw", Name: "区政务服务中心"},
		{ID: "jd", Name: "花园街道"},
	}
	person := func(account, name string, d resource.DepartmentID, roles ...Role) Account {
		return Account{Account: account, Name: name, Department: d, Roles: roles}
	}
	accounts := []Account{
		person("leader", "林区长", "", Leader),
		person("admin", "管理员小安", "dsj", Admin),
		person("engineer", "工程师小程", "dsj", Engineer, Assessor),
		person("steward", "市场监管局小史", "scjg", Steward, Consumer),
		person("steward2", "民政局小段", "mzj", Steward),
		person("consumer", "街道小徐", "jd", Consumer),
		person("assessor", "评估员小平", "dsj", Assessor),
		person("security", "安全员小全", "dsj", Security),
		person("auditor", "审计员小申", "", Auditor),
		person("officer", "网格员小葛", "cgzx", Officer),
		person("community", "社工小佘", "jd", Community),
		person("clerk", "窗口小闻", "zwfw", Clerk),
		person("company", "某某公司", "", Company),
		person("resident", "居民老李", "", Resident),
		person("public", "访客", "", Public),
	}
	return departments, accounts
}

// Seed makes departments and accounts that are not there yet; password tells
// each account's.
func Seed(ctx context.Context, s *Accounts, departments []Department, accounts []Account, password func(account string) string) error {
	for _, d := range departments {
		if _, err := s.CreateDepartment(ctx, d); err != nil && !errors.Is(err, fault.Conflict) {
			return fmt.Errorf("seed: %w", err)
		}
	}
	for _, a := range accounts {
		if _, err := s.Get(ctx, a.Account); err == nil {
			continue
		}
		if _, err := s.Create(ctx, a, password(a.Account)); err != nil && !errors.Is(err, fault.Conflict) {
			return fmt.Errorf("seed: %w", err)
		}
	}
	return nil
}
