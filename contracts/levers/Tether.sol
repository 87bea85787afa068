// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// A fixture of ours: the black list of USDT, written anew. It looks at who sends, never at who receives.
contract LeverTether {
    address public owner = msg.sender;
    mapping(address => bool) public isBlackListed;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function issue(address to, uint256 amount) external {
        require(msg.sender == owner);
        balanceOf[to] += amount;
    }

    function getBlackListStatus(address maker) external view returns (bool) {
        return isBlackListed[maker];
    }

    function addBlackList(address evil) external {
        require(msg.sender == owner);
        isBlackListed[evil] = true;
    }

    function removeBlackList(address cleared) external {
        require(msg.sender == owner);
        isBlackListed[cleared] = false;
    }

    function destroyBlackFunds(address evil) external {
        require(msg.sender == owner && isBlackListed[evil]);
        balanceOf[evil] = 0;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        require(!isBlackListed[msg.sender]);
        move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        require(!isBlackListed[from]);
        allowance[from][msg.sender] -= amount;
        move(from, to, amount);
    }

    function move(address from, address to, uint256 amount) private {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}
